;; Copyright The otel-tape Authors
;; SPDX-License-Identifier: Apache-2.0

;; The dot products of one query with many rows of eight-bit numbers that lie end to end.
;; int8-dots.ts holds the bytes of it; a test compiles this file and compares.
(module
  (import "vectors" "memory" (memory 1 65536))
  (func (export "dots")
    (param $query i32)  ;; where the query's 16-bit numbers are, $stride of them
    (param $row i32)    ;; where the first row is
    (param $count i32)  ;; how many rows, at least one
    (param $stride i32) ;; numbers in a row, a multiple of 16
    (param $out i32)    ;; where the products go, 32 bits each
    (local $row_end i32)
    (local $out_end i32)
    (local $at i32)
    (local $sixteen v128)
    (local $low v128)
    (local $high v128)
    (local.set $out_end
      (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (loop $rows
      (local.set $low (v128.const i32x4 0 0 0 0))
      (local.set $high (v128.const i32x4 0 0 0 0))
      (local.set $at (local.get $query))
      (local.set $row_end (i32.add (local.get $row) (local.get $stride)))
      (loop $numbers
        (local.set $sixteen (v128.load (local.get $row)))
        (local.set $low
          (i32x4.add (local.get $low)
            (i32x4.dot_i16x8_s
              (i16x8.extend_low_i8x16_s (local.get $sixteen))
              (v128.load (local.get $at)))))
        (local.set $high
          (i32x4.add (local.get $high)
            (i32x4.dot_i16x8_s
              (i16x8.extend_high_i8x16_s (local.get $sixteen))
              (v128.load offset=16 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (local.set $row (i32.add (local.get $row) (i32.const 16)))
        (br_if $numbers (i32.lt_u (local.get $row) (local.get $row_end))))
      (local.set $low (i32x4.add (local.get $low) (local.get $high)))
      (i32.store (local.get $out)
        (i32.add
          (i32.add
            (i32x4.extract_lane 0 (local.get $low))
            (i32x4.extract_lane 1 (local.get $low)))
          (i32.add
            (i32x4.extract_lane 2 (local.get $low))
            (i32x4.extract_lane 3 (local.get $low)))))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br_if $rows (i32.lt_u (local.get $out) (local.get $out_end))))))
