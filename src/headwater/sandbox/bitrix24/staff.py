"""The people of a mapping: those its lines list, and whoever else is named; their departments and heads."""

from headwater.sandbox.bitrix24.books import Books, Department, Person
from headwater.sandbox.bitrix24.plans import Picked, Plan
from headwater.sandbox.bitrix24.words import said_yes


class Staff:
    """Who works there; a name that nobody listed becomes a person when it is first asked for."""

    def __init__(self, books: Books, plan: Plan) -> None:
        self._books = books
        self._ids: dict[str, int] = {}
        self._ways: dict[tuple[str, ...], int] = {}
        if plan.personal:
            books.people = [person for person in books.people if person.admin]
            books.departments = [one for one in books.departments if not one.parent]
            kept = {one.id for one in books.departments}
            for person in books.people:
                person.department = person.department if person.department in kept else min(kept, default=1)
        for picked in plan.people:
            self._listed(picked)
        for picked in plan.people:
            self._led(picked)

    def id_of(self, name: str, department: int = 1) -> int:
        """The id of a person, given in order of first appearance."""
        name = " ".join(name.split())
        if name not in self._ids:
            number = max((person.id for person in self._books.people), default=0) + 1
            first, _, last = name.partition(" ")
            email = f"user{number}@company.example"
            self._books.people.append(Person(number, first, last, email=email, department=department))
            self._ids[name] = number
        return self._ids[name]

    def _listed(self, picked: Picked) -> None:
        for at in picked.lines:
            name = picked.drawn["name"][0]
            text = " ".join(name.text(at).split())
            if not text:
                raise name.wrong(at, "nobody is named; leave the line out with `only`, or name them")
            if text in self._ids:
                raise name.wrong(at, f"{text!r} is there twice; people are known by their names")
            person = self._books.person(self.id_of(text, self._department(picked, at)))
            assert person is not None  # noqa: S101 (just made)
            person.email = picked.text("email", at) or person.email
            person.phone = picked.text("phone", at)
            person.position = picked.text("position", at)
            if active := picked.text("active", at):
                person.active = said_yes(active, picked.drawn["active"][0], at)

    def _department(self, picked: Picked, at: int) -> int:
        """The department at the end of a line's way, made where it is not there yet."""
        parent = 1
        way: tuple[str, ...] = ()
        for drawn in picked.drawn.get("department", []):
            name = drawn.text(at)
            if not name:
                break
            way = (*way, name)
            if way not in self._ways:
                number = max((one.id for one in self._books.departments), default=1) + 1
                self._books.departments.append(Department(number, name, parent))
                self._ways[way] = number
            parent = self._ways[way]
        return parent

    def _led(self, picked: Picked) -> None:
        """Managers lead the department of their people, and belong to it unless a line says otherwise."""
        for at in picked.lines:
            manager = picked.text("manager", at)
            if not manager:
                continue
            number = self._department(picked, at)
            head = self.id_of(manager, number)
            department = next(one for one in self._books.departments if one.id == number)
            if department.head not in (0, head) and number != 1:
                other = self._books.person(department.head)
                named = f"{other.name} {other.last_name}".strip() if other else str(department.head)
                raise picked.drawn["manager"][0].wrong(
                    at,
                    f"{department.name} is led by {named} already; a department has one head: add the manager"
                    " to the way in `department`",
                )
            department.head = head
