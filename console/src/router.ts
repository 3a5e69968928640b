/** The pages and their addresses. */
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'

import AdoptView from './views/AdoptView.vue'
import BoardView from './views/BoardView.vue'
import CoverageView from './views/CoverageView.vue'
import EstateView from './views/EstateView.vue'
import VillageView from './views/VillageView.vue'
import VillagesView from './views/VillagesView.vue'
import DirectoryView from './views/DirectoryView.vue'
import GroupView from './views/GroupView.vue'
import HouseholdView from './views/HouseholdView.vue'
import RegistryView from './views/RegistryView.vue'
import SheetsView from './views/SheetsView.vue'
import CamerasView from './views/CamerasView.vue'
import ClosedView from './views/ClosedView.vue'
import ExportsView from './views/ExportsView.vue'
import IncidentView from './views/IncidentView.vue'
import DevicesView from './views/DevicesView.vue'
import DutySettingsView from './views/DutySettingsView.vue'
import DutyView from './views/DutyView.vue'
import LabelsView from './views/LabelsView.vue'
import LedgersView from './views/LedgersView.vue'
import LooksView from './views/LooksView.vue'
import LedgerView from './views/LedgerView.vue'
import MaintenanceView from './views/MaintenanceView.vue'
import NotFoundView from './views/NotFoundView.vue'
import PlansView from './views/PlansView.vue'
import QuietView from './views/QuietView.vue'

/** What changes in such a page's own address leaves it where it is scrolled to. */
const STAYS = { stays: true }

export const ROUTES: RouteRecordRaw[] = [
  { path: '/', name: 'board', component: BoardView },
  { path: '/incidents/:id', name: 'incident', component: IncidentView, props: true },
  { path: '/closed', name: 'closed', component: ClosedView },
  { path: '/duty', name: 'duty', component: DutyView },
  { path: '/duty/settings', name: 'duty-settings', component: DutySettingsView },
  { path: '/quiet', name: 'quiet', component: QuietView },
  { path: '/drills/:id', name: 'ledger', component: LedgerView, props: true },
  { path: '/plans', name: 'plans', component: PlansView },
  { path: '/devices/:id?', name: 'devices', component: DevicesView, props: true, meta: STAYS },
  { path: '/labels', name: 'labels', component: LabelsView },
  { path: '/maintenance', name: 'maintenance', component: MaintenanceView, meta: STAYS },
  { path: '/ledgers', name: 'ledgers', component: LedgersView, meta: STAYS },
  { path: '/exports', name: 'exports', component: ExportsView },
  { path: '/cameras', name: 'cameras', component: CamerasView },
  { path: '/cameras/looks', name: 'cameras-looks', component: LooksView },
  { path: '/cameras/adopt', name: 'cameras-adopt', component: AdoptView },
  { path: '/registry', name: 'households', component: RegistryView },
  { path: '/registry/groups/:id', name: 'registry-group', component: GroupView, props: true },
  { path: '/registry/households/:id', name: 'registry-household', component: HouseholdView, props: true },
  { path: '/registry/villages', name: 'registry-villages', component: VillagesView },
  { path: '/registry/villages/:id', name: 'registry-village', component: VillageView, props: true },
  { path: '/registry/estates/:id', name: 'registry-estate', component: EstateView, props: true },
  { path: '/registry/coverage', name: 'registry-coverage', component: CoverageView },
  { path: '/registry/directory', name: 'registry-directory', component: DirectoryView },
  { path: '/registry/sheets', name: 'registry-import', component: SheetsView },
  { path: '/:rest(.*)*', name: 'not-found', component: NotFoundView },
]

/** Whether the page stays where it is scrolled to, going from the one address to the other. */
export const staysPut = (to: RouteLocationNormalized, from: RouteLocationNormalized) =>
  to.name === from.name && to.meta['stays'] === true

export function makeRouter() {
  return createRouter({
    history: createWebHistory(),
    routes: ROUTES,
    scrollBehavior: (to, from, saved) => saved ?? (staysPut(to, from) ? false : { top: 0 }),
  })
}
