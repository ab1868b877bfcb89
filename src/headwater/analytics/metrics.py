"""Every number we can be asked for. A new metric is one entry in METRICS.

Formulas are aggregates in SQL over `r`, a row of the metric's data, and `m.amount`, its money in one currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, LiteralString, TypeAlias

from headwater.analytics.countable import Data, Unit
from headwater.analytics.data import CYCLE_DAYS, DATA
from headwater.analytics.rolled import SHARE, Summed
from headwater.core.said import Said

Good: TypeAlias = Literal["up", "down"] | None


@dataclass(frozen=True, slots=True)
class Metric:
    """One number: what it is called, how it is counted, when, and which direction is good.

    `where` chooses rows. `time` is the clock that periods go by; None: the number is a state as of now, which
    has no period. `rolled` is the same over rows that are counted already.
    `adds_up`: the numbers of the parts make up that of the whole. `needs` is a join of its data.
    `words`: phrases that mean it, by language.
    """

    slug: str
    title: Said
    description: Said
    data: str
    formula: LiteralString
    words: Said
    unit: Unit = "number"
    good: Good = "up"
    time: str | None = None
    where: LiteralString | None = None
    rolled: Summed | None = None
    adds_up: bool = False
    needs: LiteralString | None = None

    @property
    def about(self) -> Data:
        return DATA[self.data]

    @property
    def phrases(self) -> Sequence[str]:
        return _phrases(self.words)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One metric divided by another, each by its own clock, in parts that both have."""

    slug: str
    title: Said
    description: Said
    over: str
    under: str
    words: Said
    unit: Unit = "share"
    good: Good = "up"
    adds_up: bool = False

    @property
    def phrases(self) -> Sequence[str]:
        return _phrases(self.words)


def _phrases(words: Said) -> Sequence[str]:
    return tuple(phrase.strip() for each in words for phrase in each.split(",") if phrase.strip())


COUNT: LiteralString = "count(*)"
SUM: LiteralString = "coalesce(sum(m.amount), 0)"
WON_IN_TIME: LiteralString = f"r.won and {CYCLE_DAYS} is not null"
STUCK_DAYS = 30

_EVERY: Sequence[Metric | Ratio] = (
    Metric(
        "total_leads", Said("Leads", "Лиды", "Lidlar"),
        Said("Leads created in the period.", "Лиды, созданные за период.", "Davrda yaratilgan lidlar."),
        "leads", COUNT, time="created_at", adds_up=True,
        words=Said(
            "leads, total leads, new leads, number of leads",
            "лиды, всего лидов, новые лиды, количество лидов, заявки",
            "lidlar, jami lidlar, yangi lidlar",
        ),
    ),
    Metric(
        "total_contacts", Said("Contacts", "Контакты", "Kontaktlar"),
        Said("Contacts created in the period.", "Контакты, созданные за период.", "Davrda yaratilgan kontaktlar."),
        "contacts", COUNT, time="created_at", adds_up=True,
        words=Said(
            "contacts, total contacts, new contacts", "контакты, всего контактов, новые контакты",
            "kontaktlar, yangi kontaktlar",
        ),
    ),
    Metric(
        "total_companies", Said("Companies", "Компании", "Kompaniyalar"),
        Said("Companies created in the period.", "Компании, созданные за период.", "Davrda yaratilgan kompaniyalar."),
        "companies", COUNT, time="created_at", adds_up=True,
        words=Said(
            "companies, total companies, new companies", "компании, всего компаний, новые компании",
            "kompaniyalar, yangi kompaniyalar",
        ),
    ),
    Metric(
        "total_deals", Said("Deals", "Сделки", "Bitimlar"),
        Said(
            "Deals created in the period, whatever became of them.",
            "Сделки, созданные за период, чем бы они ни кончились.",
            "Davrda yaratilgan bitimlar, natijasidan qat’i nazar.",
        ),
        "deals", COUNT, time="created_at", adds_up=True, rolled=Summed(),
        words=Said(
            "deals, total deals, new deals, created deals, opportunities",
            "сделки, всего сделок, новые сделки, созданные сделки",
            "bitimlar, jami bitimlar, yangi bitimlar",
        ),
    ),
    Metric(
        "open_deals", Said("Open deals", "Открытые сделки", "Ochiq bitimlar"),
        Said("Deals that are neither won nor lost now.", "Сделки, которые сейчас в работе.", "Hozir ochiq bitimlar."),
        "deals", COUNT, where="r.won is null", adds_up=True, good=None,
        words=Said("open deals, deals in work", "открытые сделки, сделки в работе", "ochiq bitimlar"),
    ),
    Metric(
        "won_deals", Said("Won deals", "Выигранные сделки", "Yutilgan bitimlar"),
        Said(
            "Deals won, by the day they were closed.",
            "Выигранные сделки, по дню закрытия.",
            "Yutilgan bitimlar, yopilgan kuni bo‘yicha.",
        ),
        "deals", COUNT, time="closed_at", where="r.won", adds_up=True, rolled=Summed(where="r.outcome"),
        words=Said(
            "won deals, deals won, sales, closed won",
            "выигранные сделки, успешные сделки, продажи, выиграно",
            "yutilgan bitimlar, sotuvlar",
        ),
    ),
    Metric(
        "lost_deals", Said("Lost deals", "Проигранные сделки", "Yutqazilgan bitimlar"),
        Said(
            "Deals lost, by the day they were closed.",
            "Проигранные сделки, по дню закрытия.",
            "Yutqazilgan bitimlar, yopilgan kuni bo‘yicha.",
        ),
        "deals", COUNT, time="closed_at", where="not r.won", adds_up=True, good="down",
        rolled=Summed(where="not r.outcome"),
        words=Said("lost deals, deals lost", "проигранные сделки, провальные сделки, проиграно", "yutqazilgan bitimlar"),
    ),
    Metric(
        "pipeline_value", Said("Pipeline value", "Сумма в работе", "Voronka summasi"),
        Said("Amounts of all deals that are open now.", "Сумма всех сделок, которые сейчас в работе.", "Hozir ochiq bitimlar summasi."),
        "deals", SUM, unit="money", where="r.won is null", adds_up=True,
        words=Said("pipeline, pipeline value, value in the pipeline", "сумма в работе, сумма воронки, пайплайн", "voronka summasi"),
    ),
    Metric(
        "won_revenue", Said("Won revenue", "Выручка", "Tushum"),
        Said(
            "Amounts of deals won, by the day they were closed.",
            "Сумма выигранных сделок, по дню закрытия.",
            "Yutilgan bitimlar summasi, yopilgan kuni bo‘yicha.",
        ),
        "deals", SUM, unit="money", time="closed_at", where="r.won", adds_up=True, rolled=Summed(SUM, "r.outcome"),
        words=Said("revenue, won revenue, turnover, income", "выручка, сумма продаж, оборот, доход", "tushum, daromad"),
    ),
    Metric(
        "average_deal", Said("Average deal", "Средний чек", "O‘rtacha chek"),
        Said(
            "Average amount of deals won in the period; deals without an amount are left out.",
            "Средняя сумма сделок, выигранных за период; сделки без суммы не учитываются.",
            "Davrda yutilgan bitimlarning o‘rtacha summasi; summasiz bitimlar hisobga olinmaydi.",
        ),
        "deals", "avg(m.amount)", unit="money", time="closed_at", where="r.won",
        rolled=Summed("sum(m.amount) / nullif(sum(r.amounts), 0)", "r.outcome"),
        words=Said("average deal, average deal size, average check", "средний чек, средняя сделка", "o‘rtacha chek"),
    ),
    Metric(
        "median_deal", Said("Median deal", "Медианный чек", "Mediana chek"),
        Said(
            "The amount that half of the deals won in the period reach; deals without an amount are left out.",
            "Сумма, до которой доходит половина сделок, выигранных за период; сделки без суммы не учитываются.",
            "Davrda yutilgan bitimlarning yarmi yetadigan summa; summasiz bitimlar hisobga olinmaydi.",
        ),
        "deals", "percentile_cont(0.5) within group (order by m.amount)", unit="money", time="closed_at",
        where="r.won", words=Said("median deal, median check", "медианный чек, медианная сделка", "mediana chek"),
    ),
    Metric(
        "lead_conversion", Said("Lead conversion, by creation", "Конверсия лидов, по созданию", "Lidlar konversiyasi, yaratilish bo‘yicha"),
        Said(
            "Of the leads created in the period, the share that is converted by now. Young leads still may be: the last weeks look worse than they will.",
            "Доля лидов, созданных за период, которые к этому моменту сконвертированы. Свежие лиды ещё могут: последние недели выглядят хуже, чем станут.",
            "Davrda yaratilgan lidlardan hozirgacha aylantirilganlari ulushi. Yangi lidlar hali aylanishi mumkin.",
        ),
        "leads", "avg(case when r.converted then 1 else 0 end)", unit="share", time="created_at",
        words=Said("lead conversion, conversion of leads, cohort conversion", "конверсия лидов, конверсия лидов по когорте", "lidlar konversiyasi"),
    ),
    Metric(
        "lead_conversion_closed", Said("Lead conversion, by closing", "Конверсия лидов, по закрытию", "Lidlar konversiyasi, yopilish bo‘yicha"),
        Said(
            "Of the leads closed in the period, the share that was converted.",
            "Доля сконвертированных среди лидов, закрытых за период.",
            "Davrda yopilgan lidlardan aylantirilganlari ulushi.",
        ),
        "leads", "avg(case when r.converted then 1 else 0 end)", unit="share", time="closed_at",
        where="r.closed_at is not null",
        words=Said("conversion of closed leads", "конверсия закрытых лидов", "yopilgan lidlar konversiyasi"),
    ),
    Metric(
        "win_rate", Said("Win rate, by closing", "Доля выигранных, по закрытию", "Yutuq ulushi, yopilish bo‘yicha"),
        Said(
            "Of the deals closed in the period, the share that was won.",
            "Доля выигранных среди сделок, закрытых за период.",
            "Davrda yopilgan bitimlardan yutilganlari ulushi.",
        ),
        "deals", "avg(case when r.won then 1 else 0 end)", unit="share", time="closed_at",
        where="r.won is not null", rolled=Summed(SHARE, "r.outcome is not null"),
        words=Said("win rate, close rate, share of won deals", "доля выигранных, винрейт, доля успешных сделок", "yutuq ulushi"),
    ),
    Metric(
        "win_rate_cohort", Said("Win rate, by creation", "Доля выигранных, по созданию", "Yutuq ulushi, yaratilish bo‘yicha"),
        Said(
            "Of the deals created in the period, the share that is won by now; open ones count as not won yet.",
            "Доля сделок, созданных за период, которые к этому моменту выиграны; открытые считаются ещё не выигранными.",
            "Davrda yaratilgan bitimlardan hozirgacha yutilganlari ulushi; ochiqlari hali yutilmagan hisoblanadi.",
        ),
        "deals", "avg(case when r.won then 1 else 0 end)", unit="share", time="created_at",
        rolled=Summed(SHARE),
        words=Said("cohort win rate", "когортная доля выигранных, винрейт по когорте", "kogorta yutuq ulushi"),
    ),
    Ratio(
        "conversion_rate", Said("Conversion rate", "Конверсия", "Konversiya"),
        Said(
            "Deals won in the period divided by leads created in the period. The two are not the same people: a deal won today may come from a lead of last year.",
            "Сделки, выигранные за период, делённые на лиды, созданные за период. Это не одни и те же люди: сегодняшняя сделка может идти от прошлогоднего лида.",
            "Davrda yutilgan bitimlar davrda yaratilgan lidlarga bo‘linadi. Bular bir xil odamlar emas.",
        ),
        "won_deals", "total_leads",
        words=Said("conversion, conversion rate", "конверсия, коэффициент конверсии", "konversiya"),
    ),
    Metric(
        "sales_cycle", Said("Sales cycle", "Цикл сделки", "Sotuv sikli"),
        Said(
            "Average days from creation to closing of deals won in the period. Closed before they were created, or ten years after, they are taken for mistakes and left out.",
            "Сколько дней в среднем от создания до закрытия сделок, выигранных за период. Закрытые раньше создания или через десять лет считаются ошибками и не учитываются.",
            "Davrda yutilgan bitimlarning yaratilishdan yopilishgacha o‘rtacha kunlari; yaratilishdan oldin yoki o‘n yildan keyin yopilganlari xato deb hisobga olinmaydi.",
        ),
        "deals", f"avg({CYCLE_DAYS})", unit="days", time="closed_at", where=WON_IN_TIME, good="down",
        rolled=Summed("sum(r.days) / nullif(sum(r.cycles), 0)", "r.outcome and r.cycles > 0", "r.cycles"),
        words=Said("sales cycle, cycle length, days to close", "цикл сделки, длина сделки, цикл продаж", "sotuv sikli"),
    ),
    Metric(
        "median_sales_cycle", Said("Median sales cycle", "Медианный цикл сделки", "Mediana sotuv sikli"),
        Said(
            "Days within which half of the deals won in the period went from creation to closing; mistakes are left out as in the average.",
            "За сколько дней половина сделок, выигранных за период, прошла от создания до закрытия; ошибки не учитываются, как и в среднем.",
            "Davrda yutilgan bitimlarning yarmi necha kunda yopilgani; xatolar o‘rtachadagidek hisobga olinmaydi.",
        ),
        "deals",
        f"percentile_cont(0.5) within group (order by {CYCLE_DAYS})",
        unit="days", time="closed_at", where=WON_IN_TIME, good="down",
        words=Said("median sales cycle", "медианный цикл сделки", "mediana sotuv sikli"),
    ),
    Metric(
        "time_in_stage", Said("Time in stage", "Время на стадии", "Bosqichdagi vaqt"),
        Said(
            "Average days between a deal's coming to a stage in the period and its going on. Stays that have not ended are left out.",
            "Сколько дней в среднем сделка, пришедшая на стадию за период, стоит на ней до следующей. Незаконченные стояния не учитываются.",
            "Davrda bosqichga kelgan bitim keyingisigacha o‘rtacha necha kun turadi. Tugamaganlari hisobga olinmaydi.",
        ),
        "stage_history", "avg(extract(epoch from r.left_at - r.entered_at) / 86400)", unit="days",
        time="entered_at", where="r.left_at is not null", good="down", needs="whole",
        words=Said("time in stage, days in stage", "время на стадии, дней на стадии", "bosqichdagi vaqt"),
    ),
    Metric(
        "reached_stage", Said("Deals that reached a stage", "Дошли до стадии", "Bosqichga yetgan bitimlar"),
        Said(
            "Different deals that came to a stage in the period, however often.",
            "Сколько разных сделок пришло на стадию за период, сколько бы раз ни приходили.",
            "Davrda bosqichga kelgan turli bitimlar soni.",
        ),
        "stage_history", "count(distinct (r.connection_id, r.external_id))", time="entered_at",
        where="r.external_id is not null",
        words=Said("funnel, sales funnel, stage conversion", "воронка продаж, воронка, конверсия по стадиям", "sotuv voronkasi"),
    ),
    Metric(
        "response_time", Said("Response time to a new lead", "Время реакции на лид", "Yangi lidga javob vaqti"),
        Said(
            "Median time from a lead's creation to our first touch after it. Leads nobody has touched are left out.",
            "Медианное время от создания лида до нашего первого касания. Лиды, которых никто не касался, не учитываются.",
            "Lid yaratilganidan birinchi aloqagacha mediana vaqt. Hech kim tegmagan lidlar hisobga olinmaydi.",
        ),
        "leads", "percentile_cont(0.5) within group (order by p.first_response_seconds)", unit="seconds",
        time="created_at", where="p.first_response_seconds is not null", good="down", needs="p",
        words=Said("response time, first response, reaction time", "время реакции, скорость ответа, время ответа", "javob vaqti"),
    ),
    Metric(
        "touches_per_deal", Said("Touches per deal", "Касаний на сделку", "Bitimga aloqalar"),
        Said(
            "Average number of touches of deals closed in the period: calls, letters, meetings and messages that took place; tasks are none.",
            "Сколько касаний в среднем у сделки, закрытой за период: состоявшихся звонков, писем, встреч и сообщений; задачи не считаются.",
            "Davrda yopilgan bitimga o‘rtacha necha aloqa to‘g‘ri keladi: bo‘lib o‘tgan qo‘ng‘iroq, xat, uchrashuv va xabarlar; vazifalar hisoblanmaydi.",
        ),
        "deals", "avg(coalesce(p.touches_count, 0))", time="closed_at", where="r.won is not null", good=None,
        needs="p", words=Said("touches per deal", "касаний на сделку, касания", "bitimga aloqalar"),
    ),
    Metric(
        "activities", Said("Activities", "Дела", "Faoliyatlar"),
        Said("Calls, letters, meetings and tasks that began in the period.", "Звонки, письма, встречи и задачи, начатые за период.", "Davrda boshlangan qo‘ng‘iroq, xat, uchrashuv va vazifalar."),
        "activities", COUNT, time="started_at", adds_up=True, rolled=Summed(),
        words=Said("activities, touches", "дела, активности, касаний всего", "faoliyatlar"),
    ),
    Metric(
        "activities_per_employee", Said("Activities per employee", "Дел на сотрудника", "Xodimga faoliyatlar"),
        Said(
            "Activities of the period divided by the people who had any.",
            "Дела за период, делённые на число сотрудников, у которых они были.",
            "Davr faoliyatlari ularni bajargan xodimlar soniga bo‘linadi.",
        ),
        "activities", "count(r.employee_id)::numeric / nullif(count(distinct (r.connection_id, r.employee_id)) filter (where r.employee_id is not null), 0)",
        time="started_at",
        rolled=Summed("sum(r.records) filter (where r.employee_id is not null) / nullif(count(distinct (r.connection_id, r.employee_id)) filter (where r.employee_id is not null), 0)"),
        words=Said("activities per employee, activity of employees", "дел на сотрудника, активность сотрудников", "xodimga faoliyatlar"),
    ),
    Metric(
        "calls", Said("Calls", "Звонки", "Qo‘ng‘iroqlar"),
        Said("Activities that are calls and began in the period.", "Дела-звонки, начатые за период.", "Davrda boshlangan qo‘ng‘iroqlar."),
        "activities", COUNT, time="started_at", where="r.type = 'call'", adds_up=True,
        rolled=Summed(where="r.type = 'call'"),
        words=Said("calls, number of calls", "звонки, количество звонков", "qo‘ng‘iroqlar"),
    ),
    Metric(
        "talk_time", Said("Talk time", "Время разговоров", "Suhbat vaqti"),
        Said("Seconds of calls of the period together, as telephony counted them.", "Сколько секунд длились звонки за период, по телефонии.", "Davrdagi qo‘ng‘iroqlar davomiyligi, telefoniya bo‘yicha."),
        "calls", "coalesce(sum(r.duration_seconds), 0)::bigint", unit="seconds", time="started_at", adds_up=True,
        rolled=Summed("coalesce(sum(r.seconds), 0)::bigint"),
        words=Said("talk time, call duration, minutes on the phone", "время разговоров, длительность звонков, минуты разговоров", "suhbat vaqti"),
    ),
    Metric(
        "answered_share", Said("Answered calls", "Доля отвеченных звонков", "Javob berilgan qo‘ng‘iroqlar"),
        Said("Of the calls of the period, the share that was answered.", "Доля отвеченных среди звонков за период.", "Davrdagi qo‘ng‘iroqlardan javob berilganlari ulushi."),
        "calls", "avg(case when r.answered then 1 else 0 end)", unit="share", time="started_at",
        where="r.answered is not null",
        rolled=Summed(SHARE, "r.outcome is not null"),
        words=Said("answered share, answered calls, answer rate", "доля отвеченных, отвеченные звонки, дозвон", "javob berilgan qo‘ng‘iroqlar"),
    ),
    Metric(
        "stagnating_deals", Said("Stagnating deals", "Застрявшие сделки", "Turib qolgan bitimlar"),
        Said(
            f"Open deals that have stood in their stage for {STUCK_DAYS} days or more.",
            f"Открытые сделки, которые стоят на своей стадии {STUCK_DAYS} дней и дольше.",
            f"O‘z bosqichida {STUCK_DAYS} kun va undan ko‘p turgan ochiq bitimlar.",
        ),
        "deals", COUNT, good="down", adds_up=True, needs="p",
        where="r.won is null and coalesce(p.stage_entered_at, r.created_at) <= now() - interval '30 days'",
        words=Said("stagnating deals, stuck deals", "застрявшие сделки, зависшие сделки", "turib qolgan bitimlar"),
    ),
    Metric(
        "product_revenue", Said("Revenue by products", "Выручка по товарам", "Mahsulotlar bo‘yicha tushum"),
        Said("Price times quantity of what was sold in deals won in the period.", "Цена на количество по товарам сделок, выигранных за период.", "Davrda yutilgan bitimlardagi mahsulotlar narxi va miqdori."),
        "deal_products", SUM, unit="money", time="closed_at", where="r.won", adds_up=True,
        words=Said("product revenue, revenue by products", "выручка по товарам, продажи по товарам", "mahsulotlar bo‘yicha tushum"),
    ),
    Metric(
        "customers", Said("Customers", "Покупатели", "Xaridorlar"),
        Said("Companies, or people without one, with a deal won; by the day of their last.", "Компании, или люди без компании, с выигранной сделкой; по дню последней.", "Yutilgan bitimi bor kompaniya yoki odamlar; oxirgisining kuni bo‘yicha."),
        "customers", COUNT, time="last_at", adds_up=True,
        words=Said("customers, buyers", "покупатели, клиенты", "xaridorlar, mijozlar"),
    ),
    Metric(
        "repeat_customers", Said("Repeat customers", "Повторные покупатели", "Takroriy xaridorlar"),
        Said("Of these customers, the share that bought more than once.", "Доля покупателей, которые купили больше одного раза.", "Bir martadan ko‘p xarid qilgan xaridorlar ulushi."),
        "customers", "avg(case when r.bought > 1 then 1 else 0 end)", unit="share", time="last_at",
        words=Said("repeat customers, repeat purchases, loyalty", "повторные покупатели, повторные продажи, постоянные клиенты", "takroriy xaridorlar"),
    ),
)  # fmt: skip

METRICS: Mapping[str, Metric | Ratio] = MappingProxyType({one.slug: one for one in _EVERY})
"""By the word that charts, answers and alerts name them by."""


def parts(metric: Metric | Ratio) -> Sequence[Metric]:
    """What a metric is counted from: itself, or what is divided by what."""
    if isinstance(metric, Metric):
        return (metric,)
    found = [METRICS[metric.over], METRICS[metric.under]]
    return [one for one in found if isinstance(one, Metric)]
