"""SHA-256 by the processor's own instructions, two or three messages at a time.

One compression of a block is a chain in which each instruction waits for the
one before it. A second, independent message fills the gaps: two lanes take
little longer than one, and three not much longer than two. The instructions are those of x86 (Intel's *SHA
Extensions*, 2013); LLVM knows them as intrinsics, so no C compiler is needed.

Compiled by numba; nothing here may be imported where numba is missing.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_ROUND_CONSTANTS = (
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
)  # fmt: skip

_WORD = ir.IntType(32)
_WORDS = ir.VectorType(_WORD, 4)
_BYTES = ir.VectorType(ir.IntType(8), 16)
_LAST_PART = 4
"""Sixteen words of the block, four at a time."""


def _compress(typingctx: Any, state: Any, block: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _emit(builder, _Lane(builder, *args))
        return context.get_dummy_value()

    return types.none(types.intp, types.intp), emit


def _compress_two(typingctx: Any, state: Any, block: Any, other_state: Any, other_block: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _emit(builder, _Lane(builder, *args[:2]), _Lane(builder, *args[2:]))
        return context.get_dummy_value()

    return types.none(types.intp, types.intp, types.intp, types.intp), emit


def _compress_three(  # noqa: PLR0917 - it has no keywords
    typingctx: Any,
    state: Any,
    block: Any,
    second_state: Any,
    second_block: Any,
    third_state: Any,
    third_block: Any,
) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _emit(builder, *(_Lane(builder, *args[lane : lane + 2]) for lane in (0, 2, 4)))
        return context.get_dummy_value()

    return types.none(*[types.intp] * 6), emit


compress: Any = intrinsic(_compress)
"""Take one block of 64 bytes into a state of eight 32-bit words: compress(state, block), addresses."""

compress_two: Any = intrinsic(_compress_two)
"""Take a block each into two states that have nothing to do with each other."""

compress_three: Any = intrinsic(_compress_three)
"""The same of three."""


def _emit(builder: Any, *lanes: _Lane) -> None:
    for part in range(0, len(_ROUND_CONSTANTS), 4):
        constants = ir.Constant(_WORDS, _ROUND_CONSTANTS[part : part + 4])
        for lane in lanes:
            lane.four_rounds(part // 4, constants)
    for lane in lanes:
        lane.store()


class _Lane:
    """One message: its state in the order that the instructions want, and its schedule."""

    def __init__(self, builder: Any, state: Any, block: Any) -> None:
        self._builder = builder
        self._state = builder.inttoptr(state, _WORDS.as_pointer())
        first, second = (builder.load(self._half(half), align=4) for half in (0, 1))
        self._abef = self._abef_before = self._picked(first, second, 5, 4, 1, 0)
        self._cdgh = self._cdgh_before = self._picked(first, second, 7, 6, 3, 2)
        start = builder.inttoptr(block, _BYTES.as_pointer())
        self._words = [self._big_endian(builder.gep(start, [_WORD(part)])) for part in range(_LAST_PART)]

    def four_rounds(self, part: int, constants: Any) -> None:
        if part >= _LAST_PART:
            self._words.append(self._next_words())
        mixed = self._builder.add(self._words[part], constants)
        self._two_rounds(mixed)
        self._two_rounds(self._picked(mixed, mixed, 2, 3, 2, 3))

    def store(self) -> None:
        abef = self._builder.add(self._abef, self._abef_before)
        cdgh = self._builder.add(self._cdgh, self._cdgh_before)
        self._builder.store(self._picked(abef, cdgh, 3, 2, 7, 6), self._half(0), align=4)
        self._builder.store(self._picked(abef, cdgh, 1, 0, 5, 4), self._half(1), align=4)

    def _two_rounds(self, mixed: Any) -> None:
        after = self._called("llvm.x86.sha256rnds2", self._cdgh, self._abef, mixed)
        self._abef, self._cdgh = after, self._abef

    def _next_words(self) -> Any:
        *_, sixteen_back, twelve_back, eight_back, four_back = self._words
        sums = self._called("llvm.x86.sha256msg1", sixteen_back, twelve_back)
        seven_back = self._picked(eight_back, four_back, 1, 2, 3, 4)
        return self._called("llvm.x86.sha256msg2", self._builder.add(sums, seven_back), four_back)

    def _called(self, name: str, *values: Any) -> Any:
        module = self._builder.module
        function = module.globals.get(name)
        if function is None:
            function = ir.Function(module, ir.FunctionType(_WORDS, [_WORDS] * len(values)), name)
        return self._builder.call(function, values)

    def _picked(self, first: Any, second: Any, *places: int) -> Any:
        mask = ir.Constant(ir.VectorType(_WORD, len(places)), places)
        return self._builder.shuffle_vector(first, second, mask)

    def _half(self, half: int) -> Any:
        return self._builder.gep(self._state, [_WORD(half)])

    def _big_endian(self, pointer: Any) -> Any:
        loaded = self._builder.load(pointer, align=1)
        swapped = self._picked(loaded, loaded, *(place ^ 3 for place in range(16)))
        return self._builder.bitcast(swapped, _WORDS)
