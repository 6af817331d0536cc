"""Templates with checked variables, rendered in two languages from an event's plain data."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_project.kernel.events import CONSUMERS
from notifications.domain import wording
from notifications.domain.policy import CATEGORY_OF
from notifications.domain.values import Person, build_values
from notifications.domain.wording import UnableToWord, check_template, render, render_line

HAPPENED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TEMPLATES = json.loads((Path(wording.__file__).parents[1] / "data" / "templates.json").read_text())
#: Events as the product writes them.
SAMPLES = {
    "service": {"service": "internet", "identifier": "ivanova"},
    "plan": {"plan_ru": "Дом", "plan_en": "Home", "fee": "500.00", "effective_on": "2026-12-01"},
    "account": {"number": "100000017", "reason": "переезд"},
    "number": {"service": "mobile", "identifier": "79005500002", "former": "79005500001"},
    "bundle": {"name_ru": "Всё дома", "name_en": "All at home", "from_date": "2026-12-01"},
    "pause": {
        "service": "internet",
        "starts_on": "2026-12-01",
        "ends_on": "2026-12-15",
        "fee": "10.00",
        "fee_period": "day",
    },
    "bonus": {
        "amount": "50.00",
        "pays": "fees",
        "expires_on": "2026-12-31",
        "reason": "за ожидание",
    },
    "payment": {"amount": "120.00", "money": "0.00", "gateway": "desk"},
    "adjustment": {"amount": "-20.00", "money": "80.00", "reason": "сбой"},
    "balance": {"balance": "30.00", "from_date": "2026-11-25"},
    "access": {
        "service": "internet",
        "level": "slow",
        "old": "open",
        "speed_kbps": 512,
        "balance": "-120.00",
        "to_open": "120.00",
    },
    "promise": {"amount": "300.00", "due_at": "2026-11-27T12:00:00+03:00", "paid": "0"},
    "bill": {
        "number": "Л-2026-000001",
        "gross": "650.50",
        "closing": "600.50",
        "due_on": "2026-12-20",
        "period_start": "2026-10-01",
        "period_end": "2026-11-01",
    },
    "credit_note": {
        "number": "К-2026-0000001",
        "bill": "2026-0000009",
        "amount": "30.00",
        "reason": "сбой",
        "money": "-90.00",
    },
    "debit_note": {
        "number": "Д-2026-0000001",
        "bill": "2026-0000009",
        "amount": "30.00",
        "reason": "не учли",
        "money": "-90.00",
    },
    "dispute": {
        "number": "7",
        "amount": "30.00",
        "about_ru": "Звонки: Германия",
        "about_en": "Calls: Germany",
        "due_on": "2026-12-22",
        "reason": "не звонил",
    },
    "limit": {"before": "0.00", "limit": "300.00", "reason": ""},
    "compensation": {"amount": "12.40", "about_ru": "авария на линии", "about_en": "a broken line"},
    "ticket": {"number": "3", "about": "Роутер", "reason": "Перезагрузите."},
    "password": {},
    "chargeback": {"amount": "500.00", "money": "-20.00"},
    "autopay": {"amount": "300.00", "about": "Mir ·· 4444", "reason": "card_expired"},
    "guard": {"service": "mobile", "amount": "500.00", "spent": "512.40"},
    "allowance": {
        "service": "mobile",
        "usage_kind": "data",
        "is_money": False,
        "included": 10 << 30,
        "left": 3 << 29,
    },
}


def _person(language: str = "ru", **changes: object) -> Person:
    values: dict = {
        "customer_id": 31,
        "name": "Мария Сергеевна",
        "email": "maria@example.org",
        "time_zone": "Europe/Moscow",
        "account_number": "100000017",
    } | changes
    return Person(language=language, **values)


def _message(kind: str, language: str = "ru", channel: str = "inbox") -> tuple[str, str]:
    data = SAMPLES[kind.partition(".")[0]]
    if kind == "payment.link":
        data = data | {"link": "https://example.org/pay/abc/"}
    if kind == "bill.reissued":
        data = data | {"bill": "2026-0000009", "reason": "ошибка"}
    if kind == "access.restored":
        data = data | {"level": "open", "balance": "0.00"}
    values = build_values(data, person=_person(language), happened_at=HAPPENED)
    row = next(
        row
        for row in TEMPLATES
        if (row["event_kind"], row["language"], row["channel"]) == (kind, language, channel)
    )
    return render_line(row["subject"], values=values), render(row["body"], values=values)


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


class TestTemplates:
    def test_each_kind_that_is_told_has_its_category_and_wordings(self) -> None:
        told = {kind for kind, consumers in CONSUMERS.items() if "notifications" in consumers}
        assert set(CATEGORY_OF) == told
        assert {(row["event_kind"], row["language"], row["channel"]) for row in TEMPLATES} == {
            (kind, lang, way)
            for kind in told
            for lang in ("ru", "en")
            for way in ("email", "inbox")
        }

    @pytest.mark.parametrize(
        "row", TEMPLATES, ids=lambda row: f"{row['event_kind']}-{row['language']}"
    )
    def test_each_default_is_a_template_of_its_kind(self, row: dict) -> None:
        for text in (row["subject"], row["body"]):
            check_template(text, event_kind=row["event_kind"])
            with pytest.raises(UnableToWord, match="planted"):
                check_template(f"{text} {{planted}}", event_kind=row["event_kind"])

    @pytest.mark.parametrize("kind", sorted(CATEGORY_OF))
    @pytest.mark.parametrize("language", ["ru", "en"])
    def test_each_default_renders_from_what_events_tell(self, kind: str, language: str) -> None:
        for channel in ("inbox", "email"):
            subject, body = _message(kind, language, channel)
            assert subject
            assert not set("{}[]") & set(subject + body)

    def test_the_look_of_a_restriction(self) -> None:
        assert _plain(_message("access.restricted")[1]) == (
            "Баланс −120 ₽. Интернет работает медленнее, до 512 Кбит/с. "
            "Пополните на 120 ₽, и скорость вернётся сразу."
        )
        assert _plain(_message("access.restricted", "en")[1]) == (
            "Balance −₽120. The internet is slower, up to 512 kbit/s. "
            "Top up ₽120, and the speed is back at once."
        )

    def test_the_look_of_a_bill(self) -> None:
        subject, body = _message("bill.issued")
        assert _plain(subject) == "Счёт № Л-2026-000001 на 650,50 ₽"
        assert _plain(body) == (
            "Готов счёт № Л-2026-000001 за 1 октября – 31 октября: начислено 650,50 ₽. "
            "К оплате 600,50 ₽ до 20 декабря. Счёт в PDF — в личном кабинете, раздел «Платежи»."
        )

    def test_a_bill_with_nothing_to_pay_asks_for_nothing(self) -> None:
        data = SAMPLES["bill"] | {"closing": "-20.00"}
        values = build_values(data, person=_person(), happened_at=HAPPENED)
        row = next(row for row in TEMPLATES if row["event_kind"] == "bill.issued")
        assert _plain(render(row["body"], values=values)).startswith(
            "Готов счёт № Л-2026-000001 за 1 октября – 31 октября: начислено 650,50 ₽. Счёт в PDF"
        )

    def test_the_look_of_an_allowance(self) -> None:
        assert _plain(_message("allowance.low")[1]).startswith(
            "По услуге «мобильная связь» осталось 1,5 ГБ из 10 ГБ."
        )
        money = SAMPLES["allowance"] | {"is_money": True, "included": 30000, "left": 1250}
        values = build_values(money, person=_person("en"), happened_at=HAPPENED)
        assert (_plain(values["included"]), _plain(values["left"])) == ("₽300", "₽12.50")

    @pytest.mark.parametrize(
        ("kind", "ru", "en"),
        [
            (
                "bundle.dissolved",
                "Комплект «Всё дома» больше не действует: одна из его частей отключена или "
                "изменена. С 1 декабря остальное стоит столько, сколько по отдельности.",
                "Your bundle All at home is no longer in force: one of its parts ended or changed. "
                "From 1 December the rest costs what it costs alone.",
            ),
            (
                "pause.agreed",
                "С 1 декабря услуга «интернет» будет на паузе. Она снова заработает 15 декабря. "
                "Пауза стоит 10 ₽ в день.",
                "From 1 December your service (internet) will be paused. "
                "It works again on 15 December. The pause costs ₽10 per day.",
            ),
            (
                "bonus.granted",
                "На лицевой счёт 100000017 начислен бонус 50 ₽. Он оплачивает абонентскую плату. "
                "Действует по 31 декабря. Причина: за ожидание.",
                "Account 100000017 got a bonus of ₽50. It pays subscription fees. "
                "The last day is 31 December. Reason: за ожидание.",
            ),
        ],
    )
    def test_the_look_of(self, kind: str, ru: str, en: str) -> None:
        assert _plain(_message(kind)[1]) == ru
        assert _plain(_message(kind, "en")[1]) == en

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            ({"ends_on": None, "fee": "0.00"}, "С 1 декабря услуга «интернет» будет на паузе."),
            (
                {"ends_on": None, "fee": "90.00", "fee_period": "month"},
                "С 1 декабря услуга «интернет» будет на паузе. Пауза стоит 90 ₽ в месяц.",
            ),
        ],
    )
    def test_a_pause_says_only_what_there_is(self, data: dict, said: str) -> None:
        values = build_values(SAMPLES["pause"] | data, person=_person(), happened_at=HAPPENED)
        row = next(row for row in TEMPLATES if row["event_kind"] == "pause.agreed")
        assert _plain(render(row["body"], values=values)) == said

    def test_a_promise_ends_at_the_persons_own_hour(self) -> None:
        data = SAMPLES["promise"]
        far = build_values(data, person=_person(time_zone="Asia/Vladivostok"), happened_at=HAPPENED)
        assert _plain(far["due"]) == "27 ноября в 19:00"


class TestRender:
    def test_a_missing_value_is_refused_by_name(self) -> None:
        with pytest.raises(UnableToWord) as refusal:
            render("Баланс {balance}", values={})
        assert refusal.value.variable == "balance"

    def test_an_optional_part_goes_as_a_whole(self) -> None:
        text = "A[[ b {b} {c}]]."
        assert render(text, values={"b": "1"}) == "A."
        assert render(text, values={"b": "1", "c": "2"}) == "A b 1 2."

    def test_a_value_is_never_read_as_a_template(self) -> None:
        assert render("{reason}", values={"reason": "{name} [[x]]"}) == "{name} [[x]]"

    def test_a_subject_stays_one_line(self) -> None:
        assert render_line("{reason}", values={"reason": "a\r\nBcc: b@c.d"}) == "a Bcc: b@c.d"

    @pytest.mark.parametrize(
        "text", ["{", "}", "{}", "{a.b}", "{a!r}", "{a:>9}", "{0}", "[[x", "x]]", "[[a[[b]]]]"]
    )
    def test_what_is_no_template_is_refused(self, text: str) -> None:
        with pytest.raises(UnableToWord):
            check_template(text, event_kind="bill.issued")

    def test_a_variable_of_another_kind_is_refused(self) -> None:
        check_template("{number}", event_kind="bill.issued")
        with pytest.raises(UnableToWord, match="number"):
            check_template("{number}", event_kind="password.changed")

    @given(st.text(alphabet="a{}[]bc ", max_size=12))
    def test_any_text_is_rendered_or_refused_as_such(self, text: str) -> None:
        try:
            check_template(text, event_kind="bill.issued")
            rendered = render(text, values={})
        except UnableToWord:
            assert set(text) & set("{}[]")
        else:
            assert "{" not in rendered
            assert "}" not in rendered


def test_values_that_cannot_be_read_are_left_out() -> None:
    values = build_values(
        {"amount": "much", "due_on": "soon", "speed_kbps": "fast"},
        person=_person(),
        happened_at=HAPPENED,
    )
    assert not {"amount", "due_date", "speed"} & set(values)


def test_another_language_falls_back_to_russian() -> None:
    values = build_values({"amount": "5.00"}, person=_person("kk"), happened_at=HAPPENED)
    assert _plain(values["amount"]) == "5 ₽"
