"""What people in a believable company write and say: letters, subjects, comments, numbers they call."""

from headwater.sandbox.bitrix24.fields import Values
from headwater.sandbox.bitrix24.names import FIRST, LAST

CALLS = ("Исходящий звонок {}", "Входящий звонок {}", "Chiquvchi qoʻngʻiroq {}", "Outgoing call to {}")
MEETINGS = (
    "Встреча в офисе клиента",
    "Demo va muzokara",
    "On-site visit",
    "Показ на складе",
    "Zoom: условия",
)
TASKS = ("Подготовить КП", "Shartnomani yuborish", "Send the invoice", "Уточнить реквизиты", "Сверка с 1С")
SUBJECTS = (
    "Re: КП",
    "Narxlar roʻyxati",
    "Your quotation",
    "Договор поставки",
    "Fwd: счёт №{}",
    "RE: RE: срок",
)
LETTERS = (
    "<div>Добрый день!</div>\r\n<p>Во вложении <b>коммерческое предложение</b> на сумму {amount}.</p>"
    '<p>Срок — 14 дней.</p><blockquote style="margin:0 0 0 .8ex">пишет: пришлите счёт</blockquote>'
    '<div>--<br>С уважением,<br>отдел продаж<br><a href="https://company.example/?utm=mail&amp;x=1">сайт</a></div>',
    "<p>Assalomu alaykum!</p><p>Narxlarni yuboryapman: <i>{amount}</i>. To‘lov 50/50.</p>"
    "<table><tr><td>Sement M-500</td><td>40&nbsp;t</td></tr></table><p>Hurmat bilan</p>",
    "<html><body><p>Hi there,</p><p>please find our offer for {amount} attached &mdash; valid until Friday."
    "</p><ul><li>delivery 10 days</li><li>warranty 2&nbsp;years</li></ul><p>Regards 🙂</p></body></html>",
    "<div><br></div><div>Счёт оплатили, ждём отгрузку.<br>Сумма {amount}</div>"
    '<img src="cid:logo@company" width="1" height="1">',
)
COMMENTS = (
    "Звонил директор, решение после отпуска",
    "Mijoz chegirma soʻradi 🙏",
    "They asked for a discount; waiting for the CFO",
    "[B]Важно[/B]: отгрузка только по [URL=https://example.com/d]доверенности[/URL]",
    "ждём\r\nоплату",
    "",
)
_FORMS = (
    "+998{0}{1}{2}{3}", "998{0}{1}{2}{3}", "8 ({0}) {1}-{2}-{3}", "+998 {0} {1} {2} {3}", "{0}{1}{2}{3}",
    "+998-{0}-{1}-{2}-{3}", "+998 ({0}) {1}{2}{3} доб. 12", "{0} {1}-{2}-{3} (Олег, после 18)",
)  # fmt: skip


def digits_of(contact: int) -> str:
    """The phone number of a contact as telephony knows it; now and then two contacts share one."""
    number = contact - 1 if contact % 29 == 0 else contact
    return f"99890{(number * 7_919_317) % 10_000_000:07d}"


def phone_of(contact: int) -> str:
    """The same number as somebody typed it: one of eight forms, some with words in them."""
    digits = digits_of(contact)
    return _FORMS[contact * 7 % 11 % 8].format(digits[3:5], digits[5:8], digits[8:10], digits[10:])


def name_of(contact: int) -> tuple[str, str]:
    """First and last name of a contact."""
    return FIRST[contact * 7 % len(FIRST)][0], LAST[contact * 11 % len(LAST)]


def email_of(contact: int) -> str:
    """The address of a contact."""
    return f"client{contact}@example.{('com', 'uz', 'ru')[contact % 3]}"


def reached(contact: int, kind: str, number: int) -> Values:
    """A contact as an activity reached it: an entry of COMMUNICATIONS."""
    name, last = name_of(contact)
    settings = {"HONORIFIC": "", "NAME": name, "SECOND_NAME": "", "LAST_NAME": last}
    return {
        "ID": str(number),
        "TYPE": kind,
        "VALUE": digits_of(contact) if kind == "PHONE" else email_of(contact),
        "ENTITY_ID": str(contact),
        "ENTITY_TYPE_ID": "3",
        "ENTITY_SETTINGS": settings,
    }
