/** English: households' cameras and what they agree to. */
import type { consentZh } from './consent.zh'

export const consentEn: Record<keyof typeof consentZh, string> = {
  'consent.title': "Households' cameras",
  'consent.about': 'Offered by households of their own will, used on their written consent: looked at only while an incident that they belong to is open, every look written down; withdrawn at any time, at once.',
  'consent.none': 'no consent recorded: neither watched nor looked at',
  'consent.agreed': 'agreed',
  'consent.withdrawn': 'withdrawn: neither watched nor looked at',
  'consent.by': '{label} · {name} · signed {day}',
  'consent.for': 'For: {purpose}',
  'consent.paper': 'Paper: {reference}',
  'consent.keeps': 'clips and pictures of incidents may be kept',
  'consent.keepsNot': 'looked at only, nothing is kept',
  'consent.withdrawnAt': 'withdrawn {time}',
  'consent.record': 'Record their consent',
  'consent.again': 'Record a new consent',
  'consent.withdraw': 'They withdraw',
  'consent.withdrawNote': 'It holds at once: no watching, no looking, nothing new is kept. What was kept of incidents is deleted when its time is over, unless it is held.',
  'consent.withdrawSaid': 'What they say (may be left out)',
  'consent.withdrawDo': 'Withdraw',
  'consent.log': 'Print the log for them',
  'consent.group': 'Group',
  'consent.household': 'Which household',
  'consent.agreedBy': 'Who agreed (the name under the paper)',
  'consent.agreedOn': 'Signed on',
  'consent.purpose': 'What it may be used for',
  'consent.purposeHint': 'e.g. to see the yard gate when we or neighbours press',
  'consent.reference': 'Number of the written consent, or where it lies',
  'consent.mayKeep': 'Clips and pictures around an incident may be kept (else it is looked at only)',

  'adopt.donePrivate': '“{name}” ({id}) is registered. It is watched once the written consent of its household is recorded, on the page of the cameras.',
}
