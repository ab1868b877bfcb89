"""Requisites of companies and contacts: tax numbers and what else the law wants to know."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Owner, Values

_TEXTS = (
    "NAME", "FIRST_NAME", "LAST_NAME", "SECOND_NAME", "COMPANY_ID", "COMPANY_NAME", "COMPANY_FULL_NAME",
    "COMPANY_REG_DATE", "DIRECTOR", "ACCOUNTANT", "CEO_NAME", "CEO_WORK_POS", "CONTACT", "EMAIL", "PHONE",
    "FAX", "IDENT_TYPE", "IDENT_DOC", "IDENT_DOC_SER", "IDENT_DOC_NUM", "IDENT_DOC_PERS_NUM",
    "IDENT_DOC_DATE", "IDENT_DOC_ISSUED_BY", "IDENT_DOC_DEP_CODE", "INN", "KPP", "USRLE", "IFNS", "OGRN",
    "OGRNIP", "OKPO", "OKTMO", "OKVED", "EDRPOU", "DRFO", "KBE", "IIN", "BIN", "ST_CERT_SER", "ST_CERT_NUM",
    "ST_CERT_DATE", "VAT_PAYER", "VAT_ID", "VAT_CERT_SER", "VAT_CERT_NUM", "VAT_CERT_DATE",
    "RESIDENCE_COUNTRY", "BASE_DOC", "REGON", "KRS", "PESEL", "LEGAL_FORM", "SIRET", "SIREN", "CAPITAL",
    "RCS", "CNPJ", "STATE_REG", "MNPL_REG", "CPF",
)  # fmt: skip
_TITLES = {
    "NAME": "Ф.И.О.", "COMPANY_NAME": "Сокращенное наименование организации", "INN": "ИНН", "KPP": "КПП",
    "COMPANY_FULL_NAME": "Полное наименование организации", "DIRECTOR": "Ген. директор", "OGRN": "ОГРН",
    "COMPANY_REG_DATE": "Дата государственной регистрации", "ACCOUNTANT": "Гл. бухгалтер",
}  # fmt: skip

_FIELDS = (
    Field("ID", "integer", "ID", readonly=True),
    Field("ENTITY_TYPE_ID", "integer", "Идентификатор типа сущности", immutable=True, required=True),
    Field("ENTITY_ID", "integer", "Идентификатор сущности", immutable=True, required=True, indexed=True),
    Field("PRESET_ID", "integer", "Идентификатор шаблона", immutable=True, required=True, empty="1"),
    Field("DATE_CREATE", "datetime", "Дата создания", readonly=True),
    Field("DATE_MODIFY", "datetime", "Дата изменения", readonly=True, empty=""),
    Field("CREATED_BY_ID", "user", "Кем создан", readonly=True),
    Field("MODIFY_BY_ID", "user", "Кем изменен", readonly=True),
    Field("NAME", "string", "Название"),
    Field("CODE", "string", "Символьный код"),
    Field("XML_ID", "string", "Внешний код"),
    Field("ORIGINATOR_ID", "string", "ORIGINATOR_ID"),
    Field("ACTIVE", "char", "Активен", empty="Y"),
    Field("ADDRESS_ONLY", "char", "ADDRESS_ONLY", empty="N"),
    Field("SORT", "integer", "Сортировка", empty="500"),
    *(Field(f"RQ_{name}", "string", _TITLES.get(name, f"RQ_{name}")) for name in _TEXTS),
)


def _born(_books: Books, requisite: Values, moment: Moment) -> None:
    requisite.setdefault("DATE_CREATE", moment.now)
    requisite.setdefault("CREATED_BY_ID", str(moment.user_id))


def _changed(_books: Books, _old: Values, requisite: Values, moment: Moment) -> None:
    requisite["DATE_MODIFY"], requisite["MODIFY_BY_ID"] = moment.now, str(moment.user_id)


def _owners(requisite: Values) -> list[Owner]:
    return [(php.integer(requisite["ENTITY_TYPE_ID"]), php.integer(requisite["ENTITY_ID"]))]


def _moved(requisite: Values, _old: Owner, new: Owner) -> None:
    requisite["ENTITY_TYPE_ID"], requisite["ENTITY_ID"] = map(str, new)


REQUISITES = Entity(
    "requisite",
    0,
    "",
    _FIELDS,
    _born,
    _changed,
    owner="ENTITY_ID",
    owners=_owners,
    moved=_moved,
)


def requisite_of(number: int, company: int, title: str, made: str) -> Values:
    """The requisites of a company: an Uzbek tax number of nine digits, or a Russian one of ten."""
    russian = company % 3 == 0
    return {
        "ENTITY_TYPE_ID": "4",
        "ENTITY_ID": str(company),
        "DATE_CREATE": made,
        "CREATED_BY_ID": "1",
        "NAME": "Организация",
        "XML_ID": f"{number:08x}-1dd9-11e6-b2f2-005056c00008",
        "RQ_COMPANY_NAME": title,
        "RQ_COMPANY_REG_DATE": f"{1 + company % 28:02}.{1 + company % 12:02}.{2001 + company % 20}",
        "RQ_INN": f"77{company * 7919 % 10**8:08}" if russian else f"30{company * 7919 % 10**7:07}",
        "RQ_KPP": "770501001" if russian else None,
        "RQ_VAT_PAYER": "Y" if company % 2 else "N",
    }
