// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fieldTag } from './field-tag'
import { REQUEST_SHAPES, type FieldShape, type MessageShape } from './schema'
import type { Signal } from './signal'

/** The mark of messages that no operation asked for, but that have something marked inside. */
export const ENTER = 255

/**
 * Says which fields an operation is after: a number from 1 to 254 by which it
 * will know the field again, or 0 for a field that is none of its business.
 */
export type FieldMarker = (field: FieldShape, message: MessageShape) => number

/**
 * What `walkFields` has to do at each field of a message: the schema, boiled
 * down to one operation, so that the loop over the bytes looks nothing up.
 */
export interface FieldPlan {
  /**
   * Marks by tag, not by field number: a known field that comes with another
   * wire type has another tag, and is passed over like an unknown one.
   */
  readonly marks: Uint8Array
  /** By field number, the messages with something marked inside; others are not entered. */
  readonly children: readonly (FieldPlan | undefined)[]
}

/** Plans the walk through a whole request; each signal's plan is made when first asked for. */
export function planRequests(marker: FieldMarker): (signal: Signal) => FieldPlan {
  const plans: Partial<Record<Signal, FieldPlan>> = {}
  return (signal) => (plans[signal] ??= new Planner(marker).plan(REQUEST_SHAPES[signal]))
}

class Planner {
  readonly #marker: FieldMarker
  // A message that is being planned is known as undefined, "not to be entered":
  // AnyValue holds AnyValues, and a walk must not go as deep as hostile bytes say.
  readonly #planned = new Map<MessageShape, FieldPlan | undefined>()

  constructor(marker: FieldMarker) {
    this.#marker = marker
  }

  plan(shape: MessageShape): FieldPlan {
    const marks = new Uint8Array(8 * shape.byNumber.length)
    const children = new Array<FieldPlan | undefined>(shape.byNumber.length).fill(undefined)
    for (const field of shape.fields) {
      const child = field.message && this.#planChild(field.message)
      children[field.number] = child
      marks[fieldTag(shape, field.jsonName)] = this.#marker(field, shape) || (child ? ENTER : 0)
    }
    return { marks, children }
  }

  #planChild(shape: MessageShape): FieldPlan | undefined {
    if (this.#planned.has(shape)) return this.#planned.get(shape)
    this.#planned.set(shape, undefined)
    const plan = this.plan(shape)
    if (plan.marks.some(Boolean)) this.#planned.set(shape, plan)
    return this.#planned.get(shape)
  }
}
