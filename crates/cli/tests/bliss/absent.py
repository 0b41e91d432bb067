"""Takes the place of modules that BLISS imports and that pip cannot install: `sys.meta_path.insert(0, Absent())`."""

import importlib.abc
import importlib.machinery
import logging
import types


class Anything(type):
    """A class that has all attributes, which are classes of this kind."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name, (), {"__init__": lambda self, *args, **kwargs: None})


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules that BLISS imports and that pip cannot install, or that need Qt: its plots, and a library of GNOME."""

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("flint", "gi"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: getattr(Anything("module", (), {}), name)
        module.FLINT_LOGGER = logging.getLogger("flint")
        return module

    def exec_module(self, module):
        pass
