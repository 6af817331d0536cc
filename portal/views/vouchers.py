"""
Topping up with a scratch card.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.operations.vouchers import UnableToRedeem, redeem_voucher
from billing_project.sessions import client_address
from portal.forms import VoucherForm
from portal.views.door import Visitor, for_payers, show


@for_payers
def redeem(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Ask for the code; on POST credit the card's nominal."""
    form = VoucherForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            redeem_voucher(
                code=form.cleaned_data["code"],
                account_id=visitor.account.id,
                business_date=timezone.localdate(now),
                now=now,
                actor=visitor.user.actor,
                address=client_address(request),
            )
        except UnableToRedeem as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, _("Done: the card's money is on your account."))
            return redirect("portal:payments")
    return show(request, visitor, "voucher.html", form=form)
