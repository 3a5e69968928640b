/**
 * The door to ECharts, loaded only by who opens a page with charts. Bars on a canvas and nothing
 * else: no tooltips, since those are written as inline styles, which our pages do not allow; what a
 * tooltip would say stands in the table beside the chart.
 */
import { BarChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

import type { Bars } from './appraisal'

use([BarChart, GridComponent, LegendComponent, MarkLineComponent, AriaComponent, CanvasRenderer])

export interface Drawn {
  show: (bars: Bars) => void
  fit: () => void
  end: () => void
}

/** A chart in this element, in the colours that hold there; shown anew, it takes the new ones. */
export function drawIn(element: HTMLElement): Drawn {
  const chart = init(element, undefined, { renderer: 'canvas' })
  return {
    show: (bars) => chart.setOption(optionOf(bars, element), { notMerge: true }),
    fit: () => chart.resize(),
    end: () => chart.dispose(),
  }
}

function optionOf(bars: Bars, element: HTMLElement) {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const text = { color: colour('--text-2'), fontSize: 15, fontFamily: style.fontFamily }
  const names = {
    type: 'category' as const,
    data: bars.categories,
    inverse: bars.lying,
    axisLabel: { ...text, interval: bars.lying ? 0 : 2 },
    axisLine: { lineStyle: { color: colour('--line') } },
    axisTick: { show: false },
  }
  const values = {
    type: 'value' as const,
    minInterval: bars.lying ? 1 : undefined,
    axisLabel: text,
    splitLine: { lineStyle: { color: colour('--line') } },
  }
  return {
    animation: false,
    // stripes too: colour is never the only sign
    aria: { enabled: true, label: { enabled: false }, decal: { show: bars.series.length > 1 } },
    color: [colour('--calm'), colour('--text-3')],
    textStyle: { fontFamily: style.fontFamily },
    legend: bars.series.length > 1 ? { top: 0, left: 0, textStyle: text, selectedMode: false } : undefined,
    grid: { top: bars.series.length > 1 ? 34 : 20, bottom: 4, left: 4, right: 44, containLabel: true },
    xAxis: bars.lying ? values : names,
    yAxis: bars.lying ? names : values,
    series: bars.series.map((one, index) => ({
      type: 'bar' as const,
      name: one.name,
      data: one.values,
      barMaxWidth: 22,
      label: bars.lying
        ? { show: true, position: 'right' as const, color: colour('--text'), fontSize: 14, fontFamily: style.fontFamily }
        : undefined,
      markLine:
        index > 0 || bars.limit === undefined
          ? undefined
          : {
              symbol: 'none',
              silent: true,
              lineStyle: { color: colour('--warn'), type: 'dashed' as const, width: 2 },
              label: { formatter: bars.limit.name, position: 'insideEndTop' as const, color: colour('--warn'), fontSize: 14 },
              data: [{ yAxis: bars.limit.value }],
            },
    })),
  }
}
