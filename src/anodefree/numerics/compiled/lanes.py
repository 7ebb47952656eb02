"""Compiled: eight numbers that are worked on at once, where the compiler does not find vector instructions by itself.

`Lanes` is a type of compiled code only: `load` and `store` move eight neighbours of an array, `spread` repeats a number, and
`+ - * /` work on each. Any processor runs it, with as many instructions for eight numbers as its registers need. Sums may be
taken in any order and products joined with sums, as with `fastmath`.
"""

from __future__ import annotations

import operator
from typing import Any, Final

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, register_model

WIDTH: Final = 8
FAST: Final = ("fast",)


class Lanes(types.Type):
    """The type of eight numbers of one kind."""

    def __init__(self, number: Any) -> None:
        self.number = number
        super().__init__(name=f"Lanes({number})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Lanes) -> None:
        number = manager.lookup(kind.number).get_value_type()
        super().__init__(manager, kind, ir.VectorType(number, WIDTH))


def _pointer(context: Any, builder: Any, signature: Any, args: Any) -> tuple[Any, int]:
    """To eight numbers of an array from an index on; and how many bytes one of them has."""
    kind = signature.args[0]
    array = context.make_array(kind)(context, builder, args[0])
    first = builder.gep(array.data, [args[1]])
    vector = ir.VectorType(context.get_value_type(kind.dtype), WIDTH)
    return builder.bitcast(first, vector.as_pointer()), kind.dtype.bitwidth // 8


@intrinsic
def load(typing, array, at):  # type: ignore[no-untyped-def]
    """Eight neighbours of a one-dimensional array, from index `at` on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer, align = _pointer(context, builder, signature, args)
        return builder.load(pointer, align=align)

    return Lanes(array.dtype)(array, types.intp), code


@intrinsic
def store(typing, array, at, lanes):  # type: ignore[no-untyped-def]
    """Put eight numbers into a one-dimensional array, from index `at` on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer, align = _pointer(context, builder, signature, args)
        builder.store(args[2], pointer, align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), code


@intrinsic
def spread(typing, number):  # type: ignore[no-untyped-def]
    """One number eight times."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = context.get_value_type(signature.return_type)
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))

    return Lanes(number)(number), code


def _called(builder: Any, name: str, kind: Any, args: Any) -> Any:
    """A call of one of LLVM's own functions."""
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [a.type for a in args]), name)
    return builder.call(function, args, fastmath=FAST)


def _suffix(kind: Lanes) -> str:
    return f"v{WIDTH}f{kind.number.bitwidth}"


@intrinsic
def root(typing, lanes):  # type: ignore[no-untyped-def]
    """Square roots."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _called(builder, f"llvm.sqrt.{_suffix(lanes)}", args[0].type, args)

    return lanes(lanes), code


@intrinsic
def total(typing, lanes):  # type: ignore[no-untyped-def]
    """The sum of the eight."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = context.get_value_type(lanes.number)
        return _called(builder, f"llvm.vector.reduce.fadd.{_suffix(lanes)}", number, [ir.Constant(number, 0.0), args[0]])

    return lanes.number(lanes), code


@intrinsic
def least(typing, lanes):  # type: ignore[no-untyped-def]
    """The smallest of the eight."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _called(builder, f"llvm.vector.reduce.fmin.{_suffix(lanes)}", context.get_value_type(lanes.number), args)

    return lanes.number(lanes), code


@intrinsic
def where_less(typing, a, b, then, other):  # type: ignore[no-untyped-def]
    """`then` where a < b, else `other`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return a(a, b, then, other), code


def _operator(symbol: Any, instruction: str) -> None:
    """Let compiled code write the operator between Lanes, and between Lanes and a number of their kind."""

    @intrinsic
    def of_each(typing, a, b):  # type: ignore[no-untyped-def]
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, instruction)(*args, flags=FAST)

        return a(a, b), code

    @overload(symbol)
    def choose(a, b):  # type: ignore[no-untyped-def]
        if isinstance(a, Lanes) and a == b:
            return lambda a, b: of_each(a, b)
        if isinstance(a, Lanes) and a.number == b:
            return lambda a, b: of_each(a, spread(b))
        if isinstance(b, Lanes) and b.number == a:
            return lambda a, b: of_each(spread(a), b)
        return None


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operator(_symbol, _instruction)
