"""Addresses of the self-service account."""

from django.urls import path

from portal.views import (
    bills,
    disputes,
    home,
    inbox,
    limits,
    packages,
    plans,
    promises,
    services,
    settings,
    sign_in,
    top_up,
    usage,
)

app_name = "portal"

urlpatterns = [
    path("", home.dashboard, name="dashboard"),
    path("sign-in/", sign_in.by_password, name="sign-in"),
    path("sign-in/code/", sign_in.ask_code, name="ask-code"),
    path("sign-in/code/enter/", sign_in.by_code, name="by-code"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("language/", settings.choose_language, name="language"),
    path("account/", home.choose_account, name="choose-account"),
    path("payments/", bills.payments, name="payments"),
    path("payments/history/", bills.payment_history, name="payment-history"),
    path("payments/top-up/", top_up.top_up, name="top-up"),
    path("pay/<str:token>/", top_up.pay, name="pay"),
    path("pay/<str:token>/outcome/", top_up.paid, name="paid"),
    path("payments/promise/", promises.promise, name="promise"),
    path("bills/<int:bill_id>/", bills.bill, name="bill"),
    path("bills/<int:bill_id>/pdf/", bills.bill_pdf, name="bill-pdf"),
    path("notes/<int:note_id>/pdf/", disputes.note_pdf, name="note-pdf"),
    path("disputes/", disputes.disputes, name="disputes"),
    path("disputes/<int:dispute_id>/", disputes.dispute, name="dispute"),
    path("disputes/<int:dispute_id>/withdraw/", disputes.withdraw, name="dispute-withdraw"),
    path("bills/lines/<int:line_id>/dispute/", disputes.dispute_line, name="dispute-line"),
    path(
        "charges/<int:entry_id>/dispute/",
        disputes.dispute_entry,
        name="dispute-entry",
    ),
    path("services/", services.services, name="services"),
    path("services/<int:subscription_id>/plan/", plans.choose, name="plans"),
    path("services/<int:subscription_id>/plan/cancel/", plans.cancel, name="plan-cancel"),
    path("services/<int:subscription_id>/plan/<int:version_id>/", plans.change, name="plan-change"),
    path("services/<int:subscription_id>/packages/", packages.packages, name="packages"),
    path("services/<int:subscription_id>/limits/", limits.limits, name="limits"),
    path("usage/", usage.usage, name="usage"),
    path("charges/", usage.charges, name="charges"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="inbox-read"),
    path("settings/", settings.overview, name="settings"),
    path("settings/notifications/", settings.notifications, name="notifications"),
    path("settings/password/", settings.password, name="password"),
    path("help/", home.help_page, name="help"),
]
