// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A distance in nanoseconds, ready to be added to many times in place: two
 * halves of 32 bits, because a BigInt per time would cost more than the rest of
 * a shift.
 */
export class TimeOffset {
  readonly #low: number
  readonly #high: number

  constructor(readonly offsetNanos: bigint) {
    const modulo64 = BigInt.asUintN(64, offsetNanos)
    this.#low = Number(modulo64 & 0xffff_ffffn)
    this.#high = Number(modulo64 >> 32n)
  }

  /** Moves the fixed64 at `position`, modulo 2^64; 0 means "unset" and stays. */
  addTo(view: DataView, position: number): void {
    const low = view.getUint32(position, true)
    const high = view.getUint32(position + 4, true)
    if (low === 0 && high === 0) return
    const sum = low + this.#low
    const carry = sum > 0xffff_ffff ? 1 : 0
    view.setUint32(position, sum, true)
    view.setUint32(position + 4, high + this.#high + carry, true)
  }
}

/** A view on the same bytes, to read and patch fixed64 fields through. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
