import { describe, expect, it } from 'vitest'

import type { TimelineItem } from '../src/api/types'
import { counted, fold } from '../src/folding'

let seq = 0
const item = (type: string, data: Record<string, unknown> = {}): TimelineItem => ({
  seq: (seq += 1),
  at: '2026-11-21T21:00:00+08:00',
  type,
  actor: null,
  data,
})
const told = (items: TimelineItem[]) => fold(items).map((e) => `${e.title}×${e.items.length}`)

describe('the timeline', () => {
  it('begins with the newest', () => {
    expect(told([item('opened'), item('acknowledged')])).toEqual(['acknowledged×1', 'opened×1'])
  })

  it('folds the notices to a group, however sending and delivery mix', () => {
    const sent = () => item('notice_sent')
    const got = () => item('notice_seen', { state: 'delivered' })
    expect(told([sent(), got(), sent(), sent(), got()])).toEqual([
      'notice_delivered×2',
      'notice_sent×3',
    ])
  })

  it('never folds what a person did or answered', () => {
    const coming = () => item('notice_seen', { state: 'coming' })
    expect(told([coming(), coming(), item('noted'), item('noted')])).toHaveLength(4)
  })

  it('folds nothing across such a row', () => {
    const rows = [item('notice_sent'), item('acknowledged'), item('notice_sent')]
    expect(told(rows)).toEqual(['notice_sent×1', 'acknowledged×1', 'notice_sent×1'])
  })
})

describe('calls that nobody answers', () => {
  it('are one row for the calling and one for going up the ladder, until somebody acts', () => {
    const round = () => [item('escalated', { step: 2 }), item('paged'), item('paged')]
    expect(told([...round(), ...round(), item('acknowledged')])).toEqual([
      'acknowledged×1',
      'paged×4',
      'escalated×2',
    ])
  })

  it('name everybody once', () => {
    expect(counted(['周警官', '吴管理', '周警官'])).toEqual(['周警官 ×2', '吴管理'])
  })
})
