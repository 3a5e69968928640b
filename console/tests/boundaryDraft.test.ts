import { describe, expect, it } from 'vitest'

import {
  areaOf, boundaryOf, draftOf, EMPTY, frameOf, middlesOf, moved, pasted, type Point, pushed, toMap, toSheet,
  withCorner, without, zoomed,
} from '../src/boundaryDraft'

const CORNERS: Point[] = [[121, 29], [121.02, 29], [121.02, 29.02], [121, 29.02]]
const SQUARE = { type: 'Polygon', coordinates: [[...CORNERS, CORNERS[0]!]] }

describe('the sheet', () => {
  const frame = frameOf(CORNERS, 600, 400)!

  it('shows everything with room around it, north up', () => {
    const [x, y] = toSheet(frame, [121, 29.02])
    expect(x).toBeGreaterThan(0)
    expect(y).toBeGreaterThan(0)
    expect(y).toBeLessThan(toSheet(frame, [121, 29])[1])
  })

  it('gives back the point that stands where it is clicked', () => {
    expect(toMap(frame, ...toSheet(frame, [121.01234, 29.01]))).toEqual([121.01234, 29.01])
  })

  it('keeps its middle when it is zoomed and moves with what is pushed', () => {
    expect(toMap(zoomed(frame, 2), 300, 200)).toEqual([121.01, 29.01])
    const there = toMap(frame, 100, 100)
    expect(toMap(pushed(frame, 50, 20), 150, 120)[0]).toBeCloseTo(there[0], 3)
    expect(toMap(pushed(frame, 50, 20), 150, 120)[1]).toBeCloseTo(there[1], 3)
  })

  it('of nothing is none', () => {
    expect(frameOf([], 600, 400)).toBeNull()
  })
})

describe('a boundary that is drawn', () => {
  it('comes back as it was', () => {
    expect(boundaryOf(draftOf(SQUARE))).toEqual(SQUARE)
  })

  it('keeps its holes', () => {
    const hole = [[121.005, 29.005], [121.006, 29.005], [121.006, 29.006], [121.005, 29.005]]
    const holed = { type: 'Polygon', coordinates: [SQUARE.coordinates[0]!, hole] }
    expect(boundaryOf(moved(draftOf(holed), 0, [121, 29]))).toEqual(holed)
  })

  it('of no corners is none', () => {
    expect(boundaryOf(EMPTY)).toBeNull()
    expect(boundaryOf(without(withCorner(EMPTY, 0, [121, 29]), 0))).toBeNull()
  })

  it('takes a corner between two others', () => {
    const [middle] = middlesOf(CORNERS)
    expect(withCorner(draftOf(SQUARE), 1, middle!).corners[1]).toEqual([121.01, 29])
  })

  it('knows about how large it is', () => {
    expect(areaOf(CORNERS)).toBeCloseTo(4.33, 1)
    expect(areaOf(CORNERS.slice(0, 2))).toBe(0)
  })
})

describe('a pasted boundary', () => {
  it('is a polygon, or a feature of one', () => {
    const feature = { type: 'FeatureCollection', features: [{ type: 'Feature', geometry: SQUARE }] }
    for (const given of [SQUARE, feature]) {
      expect(pasted(JSON.stringify(given))?.corners).toEqual(CORNERS)
    }
  })

  it('is a line a corner', () => {
    expect(pasted('121,29\n121.02 29\n121.02，29.02\n121,29')?.corners).toEqual(CORNERS.slice(0, 3))
  })

  it('is nothing else', () => {
    for (const text of ['', 'here', '121,29\n121.1,29', '{"type":"Point"}', '{', '121,29\nx,y\n1,2']) {
      expect(pasted(text), text).toBeNull()
    }
  })
})
