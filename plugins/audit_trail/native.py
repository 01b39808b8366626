"""Functions compiled to machine code by numba, for `kept_code` to keep.

numba has a cache of its own; it looks only at the file of the function that is called, and
loads what it finds by `pickle`.

Importing this module imports numba (0.4 s): do it to compile, and for nothing else.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_getattr_generic
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global
from numba.extending import intrinsic, lower_builtin, models, register_model

from audit_trail.kept_code import CompiledFunction

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

# Division by zero and overflow are as in C; none of the functions divides by data.
_OPTIONS = {"nogil": True, "error_model": "numpy"}


def compiled(function: Function, *, inlined: bool = False) -> Function:
    """Compile a function that other compiled functions call; it releases the GIL.

    Args:
        function: Of numbers, pointers and contexts.
        inlined: Put it where it is called, even where LLVM finds it too large for that.
    """
    if numba.config.DISABLE_JIT:
        return function
    dispatcher = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=inlined, **_OPTIONS)(
        function
    )
    template = dispatcher.get_call_template

    def once_for_all_constants(arguments: Any, keywords: Any) -> Any:
        # numba would compile a function anew for each constant that it is
        # called with: half a minute instead of a few seconds.
        return template(tuple(types.unliteral(argument) for argument in arguments), keywords)

    dispatcher.get_call_template = once_for_all_constants
    return cast(Function, dispatcher)


def inlined(function: Function) -> Function:
    """Like `compiled`, for a function in a loop that the time goes into."""
    return compiled(function, inlined=True)


def machine_code(function: Callable[..., Any], arguments: int) -> CompiledFunction:
    """The object file of an entry point that takes 64-bit numbers; see `kept_code.py`."""
    plain = getattr(function, "py_func", function)
    dispatcher = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)(plain)
    kinds = (types.int64,) * arguments
    dispatcher.compile(kinds)
    result = dispatcher.overloads[kinds]
    _, _, (code, _) = result.library.serialize_using_object_code()
    return CompiledFunction(
        name=plain.__name__, symbol=result.fndesc.llvm_func_name, arguments=arguments, code=code
    )


class Pointer(types.Type):
    """An address whose items are read as 64-bit numbers, so that every function is compiled once."""

    def __init__(self, item: Any) -> None:
        self.item = item
        super().__init__(name=f"Pointer({item})")


@register_model(Pointer)
class _PointerModel(models.PrimitiveModel):
    def __init__(self, manager: Any, pointer: Any) -> None:
        item = manager.lookup(pointer.item).get_data_type()
        super().__init__(manager, pointer, item.as_pointer())


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        """The type of `pointer[i]`."""
        if isinstance(arguments[0], Pointer):
            return signature(types.int64, arguments[0], types.intp)
        return None


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        """The type of `pointer[i] = value`."""
        if isinstance(arguments[0], Pointer):
            return signature(types.none, arguments[0], types.intp, types.int64)
        return None


@lower_builtin(operator.getitem, Pointer, types.intp)
def _load(context: Any, builder: Any, types_of: Any, arguments: Any) -> Any:
    value = builder.load(builder.gep(arguments[0], [arguments[1]]))
    return context.cast(builder, value, types_of.args[0].item, types.int64)


@lower_builtin(operator.setitem, Pointer, types.intp, types.int64)
def _store(context: Any, builder: Any, types_of: Any, arguments: Any) -> Any:
    narrow = context.cast(builder, arguments[2], types.int64, types_of.args[0].item)
    builder.store(narrow, builder.gep(arguments[0], [arguments[1]]))
    return context.get_dummy_value()


def _cast_to(pointer: Any) -> Any:
    @intrinsic
    def cast(_context: Any, _address: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.intp), generate

    return cast


@intrinsic
def copy_bytes(_context: Any, target: Any, place: Any, source: Any, start: Any, count: Any) -> Any:
    """`memcpy`: `count` bytes of `source` from `start` on to `place` in `target`; they do not overlap."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        target, place, source, start, count = arguments
        cgutils.raw_memcpy(
            builder, builder.gep(target, [place]), builder.gep(source, [start]), count, count.type(1), align=1
        )
        return builder.add(place, count)

    return types.int64(BYTES, types.int64, BYTES, types.int64, types.int64), generate


@intrinsic
def byte_mask(_context: Any, data: Any, place: Any, low: Any, span: Any, fold: Any, shift: Any) -> Any:  # noqa: PLR0917 - it has no keywords
    """One bit for each of the 64 bytes from `place` on: whether it is `low` to `low + span`.

    The bits of `fold` are set in each byte before. The lowest `shift` bits of
    the answer are dropped. Vectors of 64 bytes are an instruction or a few on
    any processor; LLVM sees to that.
    """

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        data, place, low, span, fold, shift = arguments
        byte, vector = ir.IntType(8), ir.VectorType(ir.IntType(8), 64)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), 64), [0] * 64)

        def everywhere(number: Any) -> Any:
            first = builder.insert_element(
                ir.Constant(vector, ir.Undefined), builder.trunc(number, byte), ir.Constant(ir.IntType(32), 0)
            )
            return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), lanes)

        source = builder.bitcast(builder.gep(data, [place]), vector.as_pointer())
        found = builder.sub(builder.or_(builder.load(source, align=1), everywhere(fold)), everywhere(low))
        bits = builder.icmp_unsigned("<=", found, everywhere(span))
        return builder.lshr(builder.bitcast(bits, ir.IntType(64)), shift)

    numbers = (types.int64,) * 5
    return types.int64(BYTES, *numbers), generate


def _loader(bits: int) -> Any:
    @intrinsic
    def load(_context: Any, _data: Any, _place: Any) -> Any:
        def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            number = ir.IntType(bits)
            source = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), number.as_pointer())
            loaded = builder.load(source, align=1)
            return loaded if bits == 64 else builder.zext(loaded, ir.IntType(64))

        return types.int64(BYTES, types.int64), generate

    return load


four_bytes = _loader(32)
"""The four bytes from a place on as one number, the first one lowest, on little-endian processors."""

eight_bytes = _loader(64)
"""The same of eight bytes, of which the last one may make it negative."""


@intrinsic
def equal_mask(_context: Any, data: Any, place: Any, other: Any, other_place: Any) -> Any:
    """One bit for each of the 64 bytes from `place` on: whether it is the one from `other_place` on."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        data, place, other, other_place = arguments
        vectors = ir.VectorType(ir.IntType(8), 64).as_pointer()
        left, right = (
            builder.load(builder.bitcast(builder.gep(pointer, [offset]), vectors), align=1)
            for pointer, offset in ((data, place), (other, other_place))
        )
        return builder.bitcast(builder.icmp_unsigned("==", left, right), ir.IntType(64))

    return types.int64(BYTES, types.int64, BYTES, types.int64), generate


@intrinsic
def lowest_bit(_context: Any, _bits: Any) -> Any:
    """The number of the lowest bit that is set; one must be."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def highest_bit(_context: Any, _bits: Any) -> Any:
    """The number of the highest bit that is set; one must be."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        above = builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))
        return builder.sub(ir.Constant(ir.IntType(64), 63), above)

    return types.int64(types.int64), generate


BYTES, INTS, LONGS = Pointer(types.uint8), Pointer(types.int32), Pointer(types.int64)

bytes_at = _cast_to(BYTES)
"""An address as a pointer to bytes, inside compiled code. Nothing checks its bounds."""

ints_at = _cast_to(INTS)
"""An address as a pointer to 32-bit integers."""

longs_at = _cast_to(LONGS)
"""An address as a pointer to 64-bit integers."""


class Context(types.Type):
    """The address of a row of addresses and numbers, each with a name.

    Compiled functions hand one register on instead of twenty.

    Args:
        name: Of the type.
        fields: Name and type of each 64-bit place: `Pointer` or an integer.
            Pointers never change while compiled code runs.
    """

    def __init__(self, name: str, fields: Mapping[str, Any]) -> None:
        self.fields = dict(fields)
        super().__init__(name=name)

    def at(self) -> Any:
        """A function for compiled code that takes an address as a context."""
        return _cast_to(self)


@register_model(Context)
class _ContextModel(models.PrimitiveModel):
    def __init__(self, manager: Any, context: Any) -> None:
        super().__init__(manager, context, manager.lookup(types.int64).get_data_type().as_pointer())


@infer_getattr
class _ContextAttributes(AttributeTemplate):
    key = Context

    def generic_resolve(self, context: Any, name: str) -> Any:
        """The type of `context.name`."""
        return context.fields.get(name)


@lower_getattr_generic(Context)
def _load_field(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    place = context.get_constant(types.int64, list(kind.fields).index(name))
    loaded = builder.load(builder.gep(value, [place]))
    field = kind.fields[name]
    if not isinstance(field, Pointer):
        return loaded
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return builder.inttoptr(loaded, context.get_value_type(field))
