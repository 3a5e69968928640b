/** The form of a household: what was typed becomes what is sent. Pure. */
import type { Contact, FurtherPerson, Household, HouseholdChange, ToldBy } from './api/registry'

export const PERSONAL = ['name', 'phone', 'address', 'health'] as const
export type Personal = (typeof PERSONAL)[number]
export type Clearable = Personal | 'further'

export interface HouseholdFields {
  label: string
  estate: string
  latitude: string
  longitude: string
  wants_notices: boolean
  told_by: ToldBy
  personal: Record<Personal, string>
  further: FurtherPerson[]
  /** What is kept of these, masked as it is, is to be forgotten. */
  cleared: Clearable[]
}

/** `clear` null: the contact is masked, and its fields begin empty. */
export function fieldsOf(household: Household | null, clear: Contact | null): HouseholdFields {
  return {
    label: household?.label ?? '',
    estate: household?.estate ?? '',
    latitude: household?.latitude?.toString() ?? '',
    longitude: household?.longitude?.toString() ?? '',
    wants_notices: household?.wants_notices ?? true,
    told_by: household?.told_by ?? 'button',
    personal: {
      name: clear?.name ?? '',
      phone: clear?.phone ?? '',
      address: clear?.address ?? '',
      health: clear?.health ?? '',
    },
    further: (clear?.further ?? []).map((one) => ({ ...one })),
    cleared: [],
  }
}

/** What a masked form may clear: whatever is kept. */
export function clearableOf(household: Household | null): Clearable[] {
  const kept = household?.contact ?? null
  if (kept === null) return []
  const named: Clearable[] = PERSONAL.filter((name) => kept[name] !== '')
  return kept.further.length > 0 ? [...named, 'further'] : named
}

/**
 * What is sent. Masked, an empty field stays as it is kept unless it is cleared; in the clear (or
 * new), what stands there is what will be kept, and empty is empty.
 */
export function changeOf(
  fields: HouseholdFields,
  group: string,
  isClear: boolean,
): HouseholdChange {
  const contact: NonNullable<HouseholdChange['contact']> = {}
  for (const name of PERSONAL) {
    const value = fields.personal[name].trim()
    if (!isClear && fields.cleared.includes(name)) contact[name] = ''
    else if (isClear || value !== '') contact[name] = value
  }
  if (!isClear && fields.cleared.includes('further')) contact.further = []
  if (isClear) {
    contact.further = fields.further
      .map((one) => ({ name: one.name.trim(), phone: one.phone.trim(), relation: one.relation.trim() }))
      .filter((one) => one.name !== '' || one.phone !== '')
  }
  const change: HouseholdChange = {
    group,
    label: fields.label.trim(),
    estate: fields.estate === '' ? null : fields.estate,
    latitude: degrees(fields.latitude),
    longitude: degrees(fields.longitude),
    wants_notices: fields.wants_notices,
    told_by: fields.told_by,
  }
  return Object.keys(contact).length > 0 ? { ...change, contact } : change
}

function degrees(text: string): number | null {
  const value = Number(text.trim())
  return text.trim() === '' || Number.isNaN(value) ? null : value
}
