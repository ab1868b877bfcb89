"""What the portal keeps of a CRM: one more entry is one more family of methods."""

from headwater.sandbox.bitrix24.activities import ACTIVITIES
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.comments import COMMENTS
from headwater.sandbox.bitrix24.companies import COMPANIES
from headwater.sandbox.bitrix24.contacts import CONTACTS
from headwater.sandbox.bitrix24.deals import DEALS
from headwater.sandbox.bitrix24.fields import Entity
from headwater.sandbox.bitrix24.leads import LEADS
from headwater.sandbox.bitrix24.processes import entity_of
from headwater.sandbox.bitrix24.products import PRODUCTS, ROWS
from headwater.sandbox.bitrix24.requisites import REQUISITES
from headwater.sandbox.bitrix24.shop import SHOP
from headwater.sandbox.bitrix24.stages import history_of
from headwater.sandbox.bitrix24.tasks import TASKS
from headwater.sandbox.bitrix24.telephony import CALLS

ENTITIES: tuple[Entity, ...] = (LEADS, DEALS, CONTACTS, COMPANIES)
"""The classic ones."""


def kept(books: Books) -> list[Entity]:
    """Everything that has a table in the portal: the classic entities, smart processes, the histories of
    their stages, what happens to them, what is sold and what is to be done."""
    whole = [*ENTITIES, *map(entity_of, books.processes)]
    histories = [history_of(one) for one in whole if one.stage]
    return [*whole, *histories, ACTIVITIES, COMMENTS, CALLS, PRODUCTS, ROWS, REQUISITES, TASKS, *SHOP]
