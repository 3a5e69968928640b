/** What moved near an incident: evidence, never an alarm. Shapes and the call. */
import type { Client } from './client'

export interface MotionSpan {
  zone: string
  from: string
  to: string
}

export interface CameraMotion {
  camera: string
  name: string
  distance_m: number | null
  has_motion_zone: boolean
  /** The earliest begun first. */
  spans: MotionSpan[]
}

export interface IncidentMotion {
  from: string
  to: string
  opened_at: string
  cameras: CameraMotion[]
  more: boolean
}

export function motionAround(client: Client, incident: string): Promise<IncidentMotion> {
  return client.get<IncidentMotion>(`/incidents/${encodeURIComponent(incident)}/motion`)
}
