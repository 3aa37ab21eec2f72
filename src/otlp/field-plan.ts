// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fieldTag } from './field-tag'
import { PLANNED_TAGS, Step, type FieldPlan } from './find-fields'
import { REQUEST_SHAPES, type FieldShape, type MessageShape } from './schema'
import type { Signal } from './signal'
import { WireType } from './wire-reader'

/**
 * Says which fields an operation is after: a number from 1 to 255 by which it
 * will know the field again, or 0 for a field that is none of its business.
 */
export type FieldMarker = (field: FieldShape, message: MessageShape) => number

const ENTRIES = 256

const STEP_BY_WIRE_TYPE: Readonly<Record<number, number>> = {
  [WireType.VARINT]: Step.SKIP_VARINT,
  [WireType.FIXED32]: Step.SKIP_FIXED32,
  [WireType.FIXED64]: Step.SKIP_FIXED64,
  [WireType.LENGTH]: Step.SKIP_LENGTH,
}

/** Plans the walk through a whole request; each signal's plan is made when first asked for. */
export function planRequests(marker: FieldMarker): (signal: Signal) => FieldPlan {
  const plans: Partial<Record<Signal, FieldPlan>> = {}
  return (signal) => (plans[signal] ??= new Planner(marker).plan(REQUEST_SHAPES[signal]))
}

interface MessagePlan {
  readonly steps: Uint8Array
  readonly marks: Uint8Array
  readonly children: Uint16Array
}

class Planner {
  readonly #marker: FieldMarker
  readonly #plans: MessagePlan[] = []
  // A message that is being planned is known as undefined, "not to be entered":
  // AnyValue holds AnyValues, and a walk must not go as deep as hostile bytes say.
  readonly #planned = new Map<MessageShape, number | undefined>()

  constructor(marker: FieldMarker) {
    this.#marker = marker
  }

  plan(shape: MessageShape): FieldPlan {
    const root = this.#add(this.#planMessage(shape))
    const length = this.#plans.length * ENTRIES
    const steps = new Uint8Array(length)
    const marks = new Uint8Array(length)
    const children = new Uint16Array(length)
    this.#plans.forEach((plan, index) => {
      steps.set(plan.steps, index * ENTRIES)
      marks.set(plan.marks, index * ENTRIES)
      children.set(plan.children, index * ENTRIES)
    })
    return { root, steps, marks, children }
  }

  #add(plan: MessagePlan): number {
    return (this.#plans.push(plan) - 1) * ENTRIES
  }

  #planMessage(shape: MessageShape): MessagePlan {
    const steps = stepsOverUnknownFields()
    const marks = new Uint8Array(ENTRIES)
    const children = new Uint16Array(ENTRIES)
    for (const field of shape.fields) {
      const child = field.message && this.#planChild(field.message)
      const mark = this.#marker(field, shape)
      if (child === undefined && mark === 0) continue
      const tag = fieldTag(shape, field.jsonName)
      marks[tag] = mark
      children[tag] = child ?? 0
      steps[tag] = child === undefined ? takingStep(tag) : Step.ENTER
    }
    return { steps, marks, children }
  }

  #planChild(shape: MessageShape): number | undefined {
    if (this.#planned.has(shape)) return this.#planned.get(shape)
    this.#planned.set(shape, undefined)
    const plan = this.#planMessage(shape)
    if (plan.steps.some((step: Step) => step >= Step.TAKE_FIXED64)) {
      this.#planned.set(shape, this.#add(plan))
    }
    return this.#planned.get(shape)
  }
}

function stepsOverUnknownFields(): Uint8Array {
  const steps = new Uint8Array(ENTRIES)
  // Below 8 is field number 0, which does not exist.
  for (let tag = 8; tag < PLANNED_TAGS; tag++) steps[tag] = STEP_BY_WIRE_TYPE[tag & 7] ?? Step.CHECK
  for (let first = PLANNED_TAGS; first < ENTRIES; first++) {
    const isFixed32 = (first & 7) === WireType.FIXED32
    steps[first] = isFixed32 ? Step.SKIP_FIXED32_IF_TWO_BYTES : Step.CHECK
  }
  return steps
}

/** @throws TypeError when no plan can take such a field: a slip in our own code */
function takingStep(tag: number): number {
  if (tag < PLANNED_TAGS && (tag & 7) === WireType.FIXED64) return Step.TAKE_FIXED64
  if (tag < PLANNED_TAGS && (tag & 7) === WireType.LENGTH) return Step.TAKE_LENGTH
  throw new TypeError(`a field with the tag ${tag} cannot be marked`)
}
