"""A Tango client that executes requests: one JSON object on each line of standard input.

    {"id": 1, "device": "id00/bliss_nxwriter/demo", "timeout": 3.0, "do": "call", "name": "scan_exists", "value": "1_ascan"}
    {"id": 1, "value": false}

`do` is the name of a function below. Answers are printed as soon as they are known: requests do not
wait for each other. An error of Tango is `{"id": ..., "error": {"kind": class of the exception,
"errors": [{"reason", "desc", "origin", "severity"}, ...]}}`. States are reported by their names.

TANGO_HOST names the database, if there is one.
"""

import functools
import json
import queue
import sys
import threading

import numpy
import tango

TANGO_DEFAULT_TIMEOUT = 3.0


def main():
    lock = threading.Lock()

    def answer(line: str):
        request = json.loads(line)
        reply = {"id": request["id"]}
        try:
            with tango.EnsureOmniThread():
                function = FUNCTIONS[request["do"]]
                reply["value"] = plain(function(request))
        except tango.DevFailed as failure:
            reply["error"] = {"kind": type(failure).__name__, "errors": [stack(error) for error in failure.args]}
        except Exception as error:
            reply["error"] = {"kind": type(error).__name__, "errors": [client_error(error)]}
        with lock:
            print(json.dumps(reply), flush=True)

    for line in sys.stdin:
        threading.Thread(target=answer, args=(line,), daemon=True).start()


# ---- what can be done -------------------------------------------------------------------------------


def call(request: dict):
    argument = request.get("value")
    arguments = [] if argument is None else [argument]
    return proxy(request).command_inout(request["name"], *arguments)


def read(request: dict):
    return attribute_value(proxy(request).read_attribute(request["name"]))


def write(request: dict):
    proxy(request).write_attribute(request["name"], request["value"])


def lock(request: dict):
    proxy(request).lock()


def unlock(request: dict):
    proxy(request).unlock()


def poll(request: dict):
    """Let the server read an attribute every so many milliseconds."""
    proxy(request).poll_attribute(request["name"], request["value"])


def interface(request: dict) -> dict:
    """All that a generic client can know of a device."""
    device = proxy(request)
    about = device.info()
    admin = tango.DeviceProxy(device.adm_name())
    attributes, commands = device.attribute_list_query_ex(), device.command_list_query()
    # The name of the property, its description, its default.
    wizard = admin.command_inout("QueryWizardDevProperty", about.dev_class)
    return {
        "dev_class": about.dev_class,
        "dev_type": about.dev_type,
        "doc_url": about.doc_url,
        "attributes_in_query_order": [attribute.name for attribute in attributes],
        "commands_in_query_order": [command.cmd_name for command in commands],
        "attributes": [
            attribute_configuration(device, attribute)
            for attribute in sorted(attributes, key=lambda attribute: attribute.name)
        ],
        "commands": [
            command_configuration(command) for command in sorted(commands, key=lambda command: command.cmd_name)
        ],
        "wizard_device_properties": list(wizard),
        "wizard_class_properties": list(admin.command_inout("QueryWizardClassProperty", about.dev_class)),
    }


def subscribe(request: dict):
    """Notes change events of an attribute; the first comes at once with the value of that moment."""
    name = request["name"]
    events = event_queue(request["device"], name)

    def note(event):
        if event.err:
            events.put({"errors": [stack(error) for error in event.errors]})
        else:
            events.put({"value": attribute_value(event.attr_value)})

    device = proxy(request)
    kept = device.subscribe_event(name, tango.EventType.CHANGE_EVENT, note)
    SUBSCRIPTIONS.append((device, kept))


def event(request: dict) -> dict:
    """The next event of an attribute, as soon as there is one."""
    return event_queue(request["device"], request["name"]).get(timeout=request["value"])


def add_device(request: dict):
    """Adds a device to the database: its `server` (`name/instance`), its `class`."""
    added = tango.DbDevInfo()
    added.name, added.server, added._class = request["device"], request["server"], request["class"]
    tango.Database().add_device(added)


def put_properties(request: dict):
    """Sets properties in the database; null deletes one."""
    database = tango.Database()
    for name, value in request["value"].items():
        if value is None:
            database.delete_device_property(request["device"], name)
        else:
            values = value if isinstance(value, list) else [value]
            database.put_device_property(request["device"], {name: [str(each) for each in values]})


def properties(request: dict) -> dict:
    database, device = tango.Database(), request["device"]
    names = list(database.get_device_property_list(device, "*"))
    found = database.get_device_property(device, names) if names else {}
    return {name: list(values) for name, values in found.items()}


def devices(request: dict) -> list:
    """The devices of a class, exported or not."""
    return list(tango.Database().get_device_name("*", request["name"]))


def exported(request: dict) -> bool:
    return bool(tango.Database().import_device(request["device"]).exported)


def ready(_: dict) -> bool:
    """Check that the database answers."""
    tango.Database().get_info()
    return True


FUNCTIONS = {
    function.__name__: function
    for function in (
        call,
        read,
        write,
        lock,
        unlock,
        poll,
        interface,
        subscribe,
        event,
        add_device,
        put_properties,
        properties,
        devices,
        exported,
        ready,
    )
}

# ---- helpers ----------------------------------------------------------------------------------------

SUBSCRIPTIONS = []


@functools.cache
def event_queue(device: str, attribute: str) -> queue.SimpleQueue:
    return queue.SimpleQueue()


PROXIES = {}


def proxy(request: dict) -> tango.DeviceProxy:
    """Return the proxy for a device and a timeout. It is kept, as clients do: it survives its server."""
    key = request["device"], request.get("timeout", TANGO_DEFAULT_TIMEOUT)
    if key not in PROXIES:
        made = tango.DeviceProxy(key[0])
        made.set_timeout_millis(round(1000 * key[1]))
        PROXIES.setdefault(key, made)
    return PROXIES[key]


def attribute_configuration(device: tango.DeviceProxy, about: tango.AttributeInfoEx) -> dict:
    change, archive = about.events.ch_event, about.events.arch_event
    return {
        "name": about.name,
        "data_type": str(tango.CmdArgType.values[about.data_type]),
        "data_format": str(about.data_format),
        "writable": access(about.writable),
        "max_dim_x": about.max_dim_x,
        "max_dim_y": about.max_dim_y,
        "enum_labels": list(about.enum_labels),
        "memorized": str(about.memorized),
        "disp_level": str(about.disp_level),
        "description": about.description,
        "label": about.label,
        "unit": about.unit,
        "standard_unit": about.standard_unit,
        "display_unit": about.display_unit,
        "format": about.format,
        "min_value": about.min_value,
        "max_value": about.max_value,
        "writable_attr_name": about.writable_attr_name,
        "root_attr_name": about.root_attr_name,
        "extensions": list(about.extensions),
        "sys_extensions": list(about.sys_extensions),
        "events": {
            "ch_event": {"abs": change.abs_change, "rel": change.rel_change},
            "per_event": about.events.per_event.period,
            "arch": {
                "abs": archive.archive_abs_change,
                "rel": archive.archive_rel_change,
                "period": archive.archive_period,
            },
        },
        "polled": device.is_attribute_polled(about.name),
    }


def access(writable: tango.AttrWriteType) -> str:
    # Both names have the same number.
    return {tango.AttrWriteType.READ_WRITE: "READ_WRITE"}.get(writable, str(writable))


def command_configuration(about: tango.CommandInfo) -> dict:
    return {
        "cmd_name": about.cmd_name,
        "in_type": str(about.in_type),
        "in_type_desc": about.in_type_desc,
        "out_type": str(about.out_type),
        "out_type_desc": about.out_type_desc,
        "disp_level": str(about.disp_level),
        "cmd_tag": about.cmd_tag,
    }


def stack(error: tango.DevError) -> dict:
    return {"reason": error.reason, "desc": error.desc, "origin": error.origin, "severity": str(error.severity)}


def client_error(error: Exception) -> dict:
    return {"reason": "client", "desc": f"{type(error).__name__}: {error}", "origin": "", "severity": "ERR"}


def attribute_value(attribute: tango.DeviceAttribute):
    value = attribute.value
    if attribute.data_format == tango.AttrDataFormat.SPECTRUM and value is None:
        # PyTango represents an empty spectrum by None.
        return []
    if attribute.type == tango.CmdArgType.DevState:
        scalar = attribute.data_format == tango.AttrDataFormat.SCALAR
        return tango.DevState(value) if scalar else [tango.DevState(state) for state in value]
    return value


def plain(value):
    """Convert a value to one that JSON can represent."""
    if isinstance(value, tango.DevState):
        return value.name
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return value.tolist()
    # The sequences of PyTango are classes of their own.
    return [plain(each) for each in value]


if __name__ == "__main__":
    main()
