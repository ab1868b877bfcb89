"""disk.file.get: a file of the drive, such as the record of a call, and where it is fetched."""

from headwater.sandbox.bitrix24 import files
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.lookup import where


def _get(call: Call) -> Outcome:
    number = call.integer("id")
    if number <= 0:
        raise Refused(400, "ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}")
    table = call.portal.tables["call"]
    found = where(call.portal.store, table, "RECORD_FILE_ID", [number])
    if not found:
        raise Refused(400, "ERROR_NOT_FOUND", f"Could not find entity with id `{number}`")
    row = table.record(*found[0])
    if not call.person.admin and row["PORTAL_USER_ID"] != str(call.person.id):
        raise Refused(400, "ACCESS_DENIED", "Access denied")
    file, at, by = (
        files.record_of_call(call.portal.store, number),
        row["CALL_START_DATE"],
        row["PORTAL_USER_ID"],
    )
    root = call.portal.events.root
    return Outcome(
        {
            "ID": str(number),
            "NAME": file.name,
            "CODE": None,
            "STORAGE_ID": "1357",
            "TYPE": "file",
            "PARENT_ID": "8996",
            "DELETED_TYPE": "0",
            "GLOBAL_CONTENT_VERSION": "1",
            "FILE_ID": str(number),
            "SIZE": str(len(file.content)),
            "CREATE_TIME": at,
            "UPDATE_TIME": at,
            "DELETE_TIME": None,
            "CREATED_BY": by,
            "UPDATED_BY": by,
            "DELETED_BY": "0",
            "DOWNLOAD_URL": files.download_url(root, call.secret, number),
            "DETAIL_URL": f"{root}/company/personal/user/{by}/disk/file/{file.name}",
        },
        seconds=0.02,
    )


METHODS: Methods = {"disk.file.get": Method(_get, ("disk",))}
