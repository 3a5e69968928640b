/** What is wrong now with the cameras that an incident of the kind `camera_fault` is about. Pure. */
import type { Camera, Incident } from './api/types'

/** The device of an alarm about many cameras at once. */
const MANY = 'cameras'

export interface Standing {
  id: string
  name: string
  /** `button-dead`, a trouble of the picture, or `signal-lost` where no picture comes. */
  what: string
}

export function standingOf(camera: Camera): Standing | null {
  if (camera.dead_buttons.length > 0) {
    // what somebody relies on for help comes before what is seen
    return { id: camera.id, name: `${camera.name}（${camera.dead_buttons.join('、')}）`, what: 'button-dead' }
  }
  const what = camera.trouble ?? (camera.state === 'down' ? 'signal-lost' : null)
  return what === null ? null : { id: camera.id, name: camera.name, what }
}

export interface CameraFault {
  /** Those it is about, as far as they are known here. */
  cameras: Camera[]
  standing: Standing[]
}

/** null for an incident about anything else. */
export function faultOf(incident: Incident, cameras: readonly Camera[]): CameraFault | null {
  if (incident.kind !== 'camera_fault') return null
  const devices = new Set(incident.alarms.map((alarm) => alarm.device))
  const about = cameras.filter(
    (camera) =>
      devices.has(camera.id) || (devices.has(MANY) && camera.fault?.incident === incident.id),
  )
  const standing = about.map(standingOf).filter((one): one is Standing => one !== null)
  return { cameras: about, standing }
}
