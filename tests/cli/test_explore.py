import pytest
from headwater.sandbox.bitrix24 import Fault, Kind
def show(what, s):
    print(f"--- {what}: {s.code}\n{s.out}|{s.err}")
async def test_x(filled, headwater, given):
    r=filled
    hw=headwater
    show('connect again', await hw("connect","bitrix24",r.webhook))
    show('json', await hw("connect","bitrix24",r.webhook,"--json"))
    show('secret', await hw("connect","bitrix24",r.webhook.replace(r.code,"wrongwrongwrong")))
    show('http', await hw("connect","bitrix24",f"http://acme.bitrix24.ru/rest/1/{r.code}/"))
    show('page', await hw("connect","bitrix24","https://acme.bitrix24.ru/crm/deal/kanban/"))
    show('noport', await hw("connect","bitrix24","http://127.0.0.1:9/rest/1/abcsecret/"))
    show('source', await hw("connect","hubspot","http://127.0.0.1:9/rest/1/abcsecret/"))
    r.portal.add_fault(Fault(Kind.HTML_200, count=99))
    show('html200', await hw("connect","bitrix24",r.webhook)); r.portal.faults.clear()
    r.portal.add_fault(Fault(Kind.HTML, count=99, status=403))
    show('html403', await hw("connect","bitrix24",r.webhook)); r.portal.faults.clear()
    for st in ("deleted","unpaid"):
        r.portal.set_state(st)
        show(st, await hw("connect","bitrix24",r.webhook))
        show(st+" sync", await hw("sync"))
        show(st+" doctor", await hw("doctor"))
        show(st+" status", await hw("status"))
    r.portal.set_state("open")
    hook=r.portal.books.webhooks[0]
    print(hook)
    show('status', await hw("status")); show('status', await hw("status","--json"))
    show('doctor', await hw("doctor")); 
    show('sync', await hw("sync")); show('sync', await hw("sync","--json"))
    show('sync full', await hw("sync","--full"))
    show('failed', await hw("failed","list")); show('failed', await hw("failed","list","--json")); show('failed', await hw("failed","show","7"))
    show('failed', await hw("failed","show","7","--json"))
    show('share', await hw("status",HEADWATER_SHARE="7"))
    show('share', await hw("status","--json",HEADWATER_SHARE="7"))
    show('t', await hw("status","--tenant","nobody")); show('c', await hw("status","--connection","nothing"))
    show('dbstatus', await hw("db","status")); 
    show('migrate', await hw("migrate"))
    show('usage', await hw("sync","--watch","0"))
    show('ru', await hw("sync", HEADWATER_LANGUAGE="ru")); show('ru', await hw("status", HEADWATER_LANGUAGE="ru"))
async def test_none(given, headwater):
    hw=headwater
    show('sync', await hw("sync")); show('status', await hw("status")); show('failed', await hw("failed","list")); show('doctor', await hw("doctor")) 
    show('sync json', await hw("sync","--json"))
