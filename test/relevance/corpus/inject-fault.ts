// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Call } from './call'
import { FAULT_SHAPES, type FaultKind } from './fault-kinds'
import { chance, integer, logNormal, pick, type Random } from './random'
import { speak, type Wording } from './wording'
import type { TraceLabel } from '../labelled-query'

/** The way from a trace's first call to the one that a fault strikes. */
type CallPath = readonly Call[]

const FRONT_DOOR = 'frontend'
const UNUSUALLY_LONG = { least: 12, most: 50 }
const LEAST_DRAG_MILLIS = 1500

/** Lets a fault strike somewhere below `root`; answers nothing if there is no place for it. */
export function injectFault(
  root: Call,
  kind: FaultKind,
  wordings: readonly Wording[],
  random: Random,
): TraceLabel | undefined {
  const { strikes } = FAULT_SHAPES[kind]
  const paths = pathsTo(root, strikes)
  if (paths.length === 0) return undefined
  const path = pick(random, paths)
  const struck = path[path.length - 1]
  if (struck === undefined) return undefined
  const fitting = wordings.filter(({ sites }) => sites?.includes(struck.site) ?? true)
  const message = speak(pick(random, fitting), struck, random)
  // Of a call that comes to nothing, both ends are in trouble.
  const callees = struck.site === 'peer' ? struck.children : []
  const services = new Set([...path, ...callees].map(({ service }) => service))
  takeEffect(path, struck, kind, message, random)
  return { kind, services: [...services].filter((name) => name !== FRONT_DOOR) }
}

function takeEffect(
  path: CallPath,
  struck: Call,
  kind: FaultKind,
  message: string,
  random: Random,
): void {
  switch (FAULT_SHAPES[kind].effect) {
    case 'fails':
      return fail(path, message, random)
    case 'timesOut':
      struck.ownMillis = pick(random, [5000, 10_000, 30_000]) + logNormal(random, 8)
      return fail(path, message, random)
    case 'drags': {
      const factor = integer(random, UNUSUALLY_LONG.least, UNUSUALLY_LONG.most)
      struck.ownMillis = struck.ownMillis * factor + logNormal(random, LEAST_DRAG_MILLIS)
      return
    }
    case 'waits':
      struck.waitMillis = integer(random, 4, 90) * 60_000
      return
    case 'degrades':
      if (chance(random, 0.5)) return fail(path, message, random)
      struck.error = { message }
      return
  }
}

/** A failed call ends its callers too, who tell of it as vaguely as callers do. */
function fail(path: CallPath, message: string, random: Random): void {
  const struck = path.at(-1)
  if (struck === undefined) return
  struck.error = { message }
  forgetSuccess(struck)
  // What had still to be done inside it is not done.
  struck.children = struck.site === 'server' ? struck.children.slice(0, 1) : []
  for (let depth = path.length - 2; depth >= 0; depth--) {
    const [caller, callee] = [path[depth], path[depth + 1]]
    if (caller === undefined || callee === undefined) continue
    caller.children = caller.children.slice(0, caller.children.indexOf(callee) + 1)
    caller.error = { message: vagueMessage(message, random) }
    setStatusCode(caller)
  }
}

function vagueMessage(message: string, random: Random): string {
  if (chance(random, 0.2)) return `13 INTERNAL: ${message}`
  return pick(random, [
    '',
    '',
    'Internal Server Error',
    'Request failed with status code 500',
    '2 UNKNOWN: Exception calling application',
    '13 INTERNAL: Received RST_STREAM with code 2',
    'something went wrong',
  ])
}

function setStatusCode(call: Call): void {
  const codes = {
    'http.status_code': 500,
    'http.response.status_code': 500,
    'rpc.grpc.status_code': 13,
  }
  for (const [key, code] of Object.entries(codes)) {
    if (key in call.attributes) call.attributes[key] = code
  }
}

/** A call that failed has the status its wording gave it, or none. */
function forgetSuccess({ attributes }: Call): void {
  for (const key of ['http.status_code', 'http.response.status_code']) {
    if (attributes[key] === 200) delete attributes[key]
  }
  if (attributes['rpc.grpc.status_code'] === 0) delete attributes['rpc.grpc.status_code']
}

function pathsTo(root: Call, strikes: (call: Call) => boolean): CallPath[] {
  const found: CallPath[] = []
  walk([root], root)
  return found

  function walk(path: CallPath, call: Call): void {
    if (strikes(call)) found.push(path)
    for (const child of call.children) walk([...path, child], child)
  }
}
