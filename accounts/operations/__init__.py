"""What accounts does: people, contracts, services, money. Everything is keyword-only."""

from accounts.operations.adjustments import (
    UnableToAdjust,
    adjust,
    approve_adjustment,
    refuse_adjustment,
)
from accounts.operations.bonus_night import expire_bonuses, use_bonuses
from accounts.operations.bonuses import approve_bonus, grant_bonus, use_bonus
from accounts.operations.company_prices import (
    UnableToSetCompanyPrice,
    end_company_price,
    set_company_deck,
    set_company_fee,
)
from accounts.operations.contracts import (
    UnableToOpenAccount,
    open_account,
    sign_contract,
    take_account_numbers,
    take_contract_numbers,
    take_serials,
)
from accounts.operations.holds import (
    UnableToHold,
    authorise_hold,
    capture_hold,
    expire_holds,
    hold,
    release_holds,
    void_hold,
)
from accounts.operations.openings import approve_opening, open_balance, open_many_balances
from accounts.operations.packages import (
    UnableToAddPackage,
    UnableToRemovePackage,
    add_package,
    remove_package,
)
from accounts.operations.payments import (
    UnableToReversePayment,
    UnableToTakePayment,
    reverse_payment,
    take_payment,
    take_payments,
)
from accounts.operations.people import (
    UnableToWriteCustomer,
    create_company,
    create_person,
    customer_search_text,
    edit_contact,
)
from accounts.operations.pool import (
    UnableToAddNumbers,
    UnableToOccupy,
    add_pool_numbers,
    add_pool_range,
    occupy,
    release,
)
from accounts.operations.posting import Posted, UnableToPost, post, post_many
from accounts.operations.receipts import (
    UnableToCorrectReceipt,
    correct_receipt,
    retry_receipts,
    send_receipts,
)
from accounts.operations.reversals import approve_reversal, reverse_entry
from accounts.operations.second_person import UnableToCorrect
from accounts.operations.services import (
    UnableToChangeService,
    UnableToOrder,
    UnableToSetPlan,
    activate_service,
    end_service,
    order_service,
    resume_service,
    set_plan,
    suspend_service,
)
from accounts.operations.snapshots import take_snapshots
from accounts.operations.transfers import UnableToTransfer, transfer
from accounts.operations.vouchers import UnableToIssueVouchers, UnableToRedeem, redeem_voucher
from accounts.operations.watch import (
    UnableToTakeCrossings,
    open_balances,
    set_floor,
    set_watch,
    take_crossings,
)
from accounts.operations.write_off_runs import (
    approve_write_off_run,
    cancel_write_off_run,
    post_write_off_runs,
    preview_write_off_run,
)
from accounts.operations.write_offs import approve_write_off_of_debt, write_off_debt

__all__ = [
    "Posted",
    "UnableToAddNumbers",
    "UnableToAddPackage",
    "UnableToAdjust",
    "UnableToChangeService",
    "UnableToCorrect",
    "UnableToCorrectReceipt",
    "UnableToHold",
    "UnableToIssueVouchers",
    "UnableToOccupy",
    "UnableToOpenAccount",
    "UnableToOrder",
    "UnableToPost",
    "UnableToRedeem",
    "UnableToRemovePackage",
    "UnableToReversePayment",
    "UnableToSetCompanyPrice",
    "UnableToSetPlan",
    "UnableToTakeCrossings",
    "UnableToTakePayment",
    "UnableToTransfer",
    "UnableToWriteCustomer",
    "activate_service",
    "add_package",
    "add_pool_numbers",
    "add_pool_range",
    "adjust",
    "approve_adjustment",
    "approve_bonus",
    "approve_opening",
    "approve_reversal",
    "approve_write_off_of_debt",
    "approve_write_off_run",
    "authorise_hold",
    "cancel_write_off_run",
    "capture_hold",
    "correct_receipt",
    "create_company",
    "create_person",
    "customer_search_text",
    "edit_contact",
    "end_company_price",
    "end_service",
    "expire_bonuses",
    "expire_holds",
    "grant_bonus",
    "hold",
    "occupy",
    "open_account",
    "open_balance",
    "open_balances",
    "open_many_balances",
    "order_service",
    "post",
    "post_many",
    "post_write_off_runs",
    "preview_write_off_run",
    "redeem_voucher",
    "refuse_adjustment",
    "release",
    "release_holds",
    "remove_package",
    "resume_service",
    "retry_receipts",
    "reverse_entry",
    "reverse_payment",
    "send_receipts",
    "set_company_deck",
    "set_company_fee",
    "set_floor",
    "set_plan",
    "set_watch",
    "sign_contract",
    "suspend_service",
    "take_account_numbers",
    "take_contract_numbers",
    "take_crossings",
    "take_payment",
    "take_payments",
    "take_serials",
    "take_snapshots",
    "transfer",
    "use_bonus",
    "use_bonuses",
    "void_hold",
    "write_off_debt",
]
