"""Addresses of the CRM, under /crm/."""

from django.urls import path

from crm.views import (
    customers,
    jobs,
    money,
    plan_changes,
    reports,
    search,
    services,
    setup,
    sign_in,
    usage,
)

app_name = "crm"

urlpatterns = [
    path("", search.search, name="search"),
    path("search/results/", search.results, name="search-results"),
    path("login/", sign_in.sign_in, name="sign-in"),
    path("logout/", sign_in.sign_out, name="sign-out"),
    path("set-up/", setup.set_up, name="set-up"),
    path("people/new/", customers.new_person, name="new-person"),
    path("companies/new/", customers.new_company, name="new-company"),
    path("customers/<int:customer_id>/", customers.card, name="card"),
    path("customers/<int:customer_id>/history/", customers.timeline, name="timeline"),
    path("customers/<int:customer_id>/note/", customers.write_note, name="write-note"),
    path("customers/<int:customer_id>/contacts/", customers.edit_contact, name="edit-contact"),
    path("customers/<int:customer_id>/contract/", customers.sign_contract, name="sign-contract"),
    path("contracts/<int:contract_id>/account/", customers.open_account, name="open-account"),
    path("accounts/<int:account_id>/payment/", money.take_payment, name="take-payment"),
    path("payments/<int:payment_id>/reverse/", money.reverse_payment, name="reverse-payment"),
    path("accounts/<int:account_id>/adjustment/", money.adjust, name="adjust"),
    path("accounts/<int:account_id>/promise/", money.give_promise, name="give-promise"),
    path("accounts/<int:account_id>/service/", services.connect, name="connect"),
    path("contracts/<int:contract_id>/pdf/", customers.contract_pdf, name="contract-pdf"),
    path("bills/<int:bill_id>/pdf/", customers.bill_pdf, name="bill-pdf"),
    path("services/<int:subscription_id>/plan/", plan_changes.change_plan, name="change-plan"),
    path("services/<int:subscription_id>/plan/cancel/", plan_changes.cancel, name="cancel-change"),
    path("services/<int:subscription_id>/end/", plan_changes.terminate, name="terminate"),
    path("reports/", reports.trial_balance, name="reports"),
    path("approvals/", money.approval_list, name="approval-list"),
    path("approvals/<int:approval_id>/approve/", money.approve, name="approve"),
    path("approvals/<int:approval_id>/refuse/", money.refuse, name="refuse"),
    path("suspense/", usage.suspense, name="suspense"),
    path("suspense/recycle/", usage.recycle_reason, name="recycle-reason"),
    path("suspense/<int:record_id>/", usage.suspended, name="suspended"),
    path("suspense/<int:record_id>/recycle/", usage.recycle, name="recycle"),
    path("suspense/<int:record_id>/write-off/", usage.write_off, name="write-off"),
    path("usage-files/", usage.usage_files, name="usage-files"),
    path("night/", jobs.nights, name="jobs"),
    path("night/run/", jobs.run_night, name="run-night"),
    path("night/progress/", jobs.latest_progress, name="latest-progress"),
    path("night/<str:day>/", jobs.night, name="night"),
    path("night/<str:day>/progress/", jobs.progress, name="night-progress"),
]
