"""What accounts does: people, contracts, services, money. Everything is keyword-only."""

from accounts.operations.adjustments import (
    UnableToAdjust,
    adjust,
    approve_adjustment,
    refuse_adjustment,
)
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
from accounts.operations.holds import UnableToHold, hold, release_holds
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
from accounts.operations.watch import (
    UnableToTakeCrossings,
    open_balances,
    set_floor,
    set_watch,
    take_crossings,
)

__all__ = [
    "Posted",
    "UnableToAddNumbers",
    "UnableToAddPackage",
    "UnableToAdjust",
    "UnableToChangeService",
    "UnableToHold",
    "UnableToOccupy",
    "UnableToOpenAccount",
    "UnableToOrder",
    "UnableToPost",
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
    "create_company",
    "create_person",
    "customer_search_text",
    "edit_contact",
    "end_company_price",
    "end_service",
    "hold",
    "occupy",
    "open_account",
    "open_balances",
    "order_service",
    "post",
    "post_many",
    "refuse_adjustment",
    "release",
    "release_holds",
    "remove_package",
    "resume_service",
    "reverse_payment",
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
]
