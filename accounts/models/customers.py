"""
The people: customers, and the log-ins of subscribers and staff.
"""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Customer(models.Model):
    """
    The legal person who takes services and answers for the bill.

    `name` is what screens show: «Иванова Мария Сергеевна» or «ООО „Берег“»; it is kept by the
    operations that write the parts. Search runs over `search_text` (lower-case name, phones, address,
    e-mail), which has a trigram index.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("private person")
        HOUSEHOLD = "household", _("household")
        COMPANY = "company", _("company")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    name = models.CharField(pgettext_lazy("customer", "name"), max_length=200)
    last_name = models.CharField(_("last name"), max_length=80, blank=True, default="")
    first_name = models.CharField(_("first name"), max_length=80, blank=True, default="")
    middle_name = models.CharField(_("patronymic"), max_length=80, blank=True, default="")
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    inn = models.CharField(_("INN"), max_length=12, blank=True, default="")
    kpp = models.CharField(_("KPP"), max_length=9, blank=True, default="")
    phone = models.CharField(_("contact phone"), max_length=16, blank=True, default="")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    region = models.CharField(_("region"), max_length=80, blank=True, default="")
    address = models.CharField(_("address"), max_length=250, blank=True, default="")
    language = models.CharField(_("language"), max_length=2, default="ru")
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Moscow")
    search_text = models.TextField(default="", editable=False)
    created_at = models.DateTimeField(_("customer since"))

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["person", "household", "company"]),
                name="customer_kind_known",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="customer_has_name"),
        ]
        indexes = [
            # Sign-in by phone.
            models.Index(fields=["phone"], condition=~models.Q(phone=""), name="customer_phone"),
            GinIndex(fields=["search_text"], name="customer_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds users by login; `create_superuser` serves Django's own command."""

    def create_user(self, login: str, password: str | None = None, **fields: object) -> "User":
        """Create a user; without a password nobody can sign in by password."""
        user: User = self.model(login=login, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, login: str, password: str, **fields: object) -> "User":
        """Create a staff user with every permission."""
        fields = {"kind": User.Kind.STAFF, "is_superuser": True, **fields}
        return self.create_user(login, password, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """
    A log-in. Staff sign in to the CRM only, subscribers to the portal only; each has its own cookie.

    A subscriber's login is `c<customer id>`; people sign in by account number or phone, which
    `portal.auth` resolves.
    """

    class Kind(models.TextChoices):
        STAFF = "staff", _("staff")
        SUBSCRIBER = "subscriber", _("subscriber")

    login = models.CharField(_("login"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    full_name = models.CharField(_("full name"), max_length=200, blank=True, default="")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    language = models.CharField(_("language"), max_length=2, default="ru")
    is_active = models.BooleanField(_("may sign in"), default=True)

    USERNAME_FIELD = "login"
    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="staff", customer__isnull=True)
                | models.Q(kind="subscriber", customer__isnull=False, is_superuser=False),
                name="user_is_staff_or_has_customer",
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(kind="subscriber"),
                name="user_one_per_customer",
            ),
        ]

    def __str__(self) -> str:
        return self.login

    @property
    def is_staff(self) -> bool:
        """Whether the CRM lets the user in."""
        return self.kind == self.Kind.STAFF

    @property
    def actor(self) -> str:
        """The user as a plain value in kernel tables: `staff:12`, `subscriber:7`."""
        return f"{self.kind}:{self.pk}"
