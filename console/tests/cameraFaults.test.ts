import { describe, expect, it } from 'vitest'

import type { Camera } from '../src/api/types'
import { faultOf } from '../src/cameraFaults'
import { incident } from './incident'

const camera = (id: string, parts: Partial<Camera> = {}): Camera => ({
  id,
  name: `${id}枪机`,
  village: '东村',
  state: 'watching',
  reason: '',
  detail: '',
  since: null,
  frames_per_s: 25,
  analysed_per_s: 5,
  shedding: false,
  newest_frame_age_s: 0.1,
  last_picture_at: null,
  reconnects_per_hour: 0,
  trouble: null,
  maintained_until: null,
  fault: null,
  clock_skew_s: null,
  events: null,
  dead_buttons: [],
  zones: [],
  ...parts,
})

const alarm = (device: string) => ({
  id: `a-${device}`,
  device,
  kind: 'camera_fault',
  received_at: '2026-11-21T21:00:00+08:00',
  flags: [],
  silent: false,
  household: null,
})

const about = (...devices: string[]) =>
  incident({ kind: 'camera_fault', alarms: devices.map(alarm) })

describe('a camera fault', () => {
  it('says what is wrong now with the camera it is about', () => {
    const cameras = [camera('gate', { trouble: 'covered' }), camera('yard', { trouble: 'black' })]
    expect(faultOf(about('gate'), cameras)?.standing).toEqual([
      { id: 'gate', name: 'gate枪机', what: 'covered' },
    ])
  })

  it('calls a camera without a stream lost', () => {
    expect(faultOf(about('gate'), [camera('gate', { state: 'down' })])?.standing[0]?.what).toBe(
      'signal-lost',
    )
  })

  it('names the wired button that is dead before what is seen', () => {
    const gate = camera('gate', { state: 'down', dead_buttons: ['wired-1', 'wired-2'] })
    expect(faultOf(about('gate'), [gate])?.standing).toEqual([
      { id: 'gate', name: 'gate枪机（wired-1、wired-2）', what: 'button-dead' },
    ])
  })

  it('stands no longer where the camera is well, which is still named', () => {
    const found = faultOf(about('gate'), [camera('gate'), camera('yard')])
    expect(found?.standing).toEqual([])
    expect(found?.cameras.map((one) => one.id)).toEqual(['gate'])
  })

  it('of a whole mast is about those on it, and about no other that is down', () => {
    const mast = about('cameras')
    const fault = { incident: mast.id, number: mast.number }
    const cameras = [
      camera('a', { state: 'down', fault }),
      camera('b', { fault }),
      camera('c', { state: 'down' }),
    ]
    const found = faultOf(mast, cameras)
    expect(found?.cameras.map((one) => one.id)).toEqual(['a', 'b'])
    expect(found?.standing.map((one) => one.id)).toEqual(['a'])
  })

  it('is nothing of an incident about anything else', () => {
    expect(faultOf(incident(), [camera('gate', { trouble: 'covered' })])).toBeNull()
  })
})
