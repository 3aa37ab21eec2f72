// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Which process a writer is, as others see it. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /**
   * Names the space in which `pid` means something: one boot of one kernel and
   * one pid namespace. A host name is not enough: containers share names, and a
   * restarted host counts its pids anew. Absent where the system has no such thing.
   */
  readonly pidScope?: string
}

let own: ProcessIdentity | undefined

export function ownIdentity(): ProcessIdentity {
  own ??= { host: hostname(), pid: process.pid, pidScope: readPidScope() }
  return own
}

/**
 * Whether the process is known to be gone: it ran where we run, and there is
 * none of its number any more. False means "can't tell".
 */
export function isKnownDead(identity: ProcessIdentity): boolean {
  const { pidScope } = ownIdentity()
  if (pidScope === undefined || identity.pidScope !== pidScope) return false
  try {
    process.kill(identity.pid, 0)
    return isZombie(identity.pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Killed, and not looked at by its parent yet: it has a number still, and does nothing any more. */
function isZombie(pid: number): boolean {
  return readProcessFields(pid)?.[0] === 'Z'
}

/** What Linux says of a process behind its name: its state first, its start time at 19; see proc(5). */
export function readProcessFields(pid: number): string[] | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Its name, in parentheses, may hold anything.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined // gone, or not Linux
  }
}

function readPidScope(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return undefined // not Linux
  }
}
