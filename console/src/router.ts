/** The pages and their addresses. */
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'

import BoardView from './views/BoardView.vue'
import IncidentView from './views/IncidentView.vue'
import NotFoundView from './views/NotFoundView.vue'

/** What changes in such a page's own address leaves it where it is scrolled to. */
const STAYS = { stays: true }

/**
 * What an alarm needs comes with the first page and is there also when the line is gone. Every other
 * page is fetched when it is first opened: `() => import(...)`.
 */
export const ROUTES: RouteRecordRaw[] = [
  { path: '/', name: 'board', component: BoardView },
  { path: '/incidents/:id', name: 'incident', component: IncidentView, props: true },
  { path: '/closed', name: 'closed', component: () => import('./views/ClosedView.vue') },
  { path: '/duty', name: 'duty', component: () => import('./views/DutyView.vue') },
  { path: '/duty/settings', name: 'duty-settings', component: () => import('./views/DutySettingsView.vue') },
  { path: '/quiet', name: 'quiet', component: () => import('./views/QuietView.vue') },
  { path: '/drills/:id', name: 'ledger', component: () => import('./views/LedgerView.vue'), props: true },
  { path: '/plans', name: 'plans', component: () => import('./views/PlansView.vue') },
  { path: '/devices/:id?', name: 'devices', component: () => import('./views/DevicesView.vue'), props: true, meta: STAYS },
  { path: '/labels', name: 'labels', component: () => import('./views/LabelsView.vue') },
  { path: '/maintenance', name: 'maintenance', component: () => import('./views/MaintenanceView.vue'), meta: STAYS },
  { path: '/ledgers', name: 'ledgers', component: () => import('./views/LedgersView.vue'), meta: STAYS },
  { path: '/appraisal', name: 'appraisal', component: () => import('./views/AppraisalView.vue') },
  { path: '/exports', name: 'exports', component: () => import('./views/ExportsView.vue') },
  { path: '/cameras', name: 'cameras', component: () => import('./views/CamerasView.vue') },
  { path: '/cameras/wall', name: 'cameras-wall', component: () => import('./views/WallView.vue') },
  { path: '/cameras/looks', name: 'cameras-looks', component: () => import('./views/LooksView.vue') },
  { path: '/cameras/adopt', name: 'cameras-adopt', component: () => import('./views/AdoptView.vue') },
  { path: '/map', name: 'map', component: () => import('./views/MapView.vue') },
  { path: '/cameras/:id/zones', name: 'camera-zones', component: () => import('./views/ZonesView.vue'), props: true },
  { path: '/registry', name: 'households', component: () => import('./views/RegistryView.vue') },
  { path: '/registry/groups/:id', name: 'registry-group', component: () => import('./views/GroupView.vue'), props: true },
  { path: '/registry/households/:id', name: 'registry-household', component: () => import('./views/HouseholdView.vue'), props: true },
  { path: '/registry/villages', name: 'registry-villages', component: () => import('./views/VillagesView.vue') },
  { path: '/registry/villages/:id', name: 'registry-village', component: () => import('./views/VillageView.vue'), props: true },
  { path: '/registry/estates/:id', name: 'registry-estate', component: () => import('./views/EstateView.vue'), props: true },
  { path: '/registry/coverage', name: 'registry-coverage', component: () => import('./views/CoverageView.vue') },
  { path: '/registry/directory', name: 'registry-directory', component: () => import('./views/DirectoryView.vue') },
  { path: '/registry/sheets', name: 'registry-import', component: () => import('./views/SheetsView.vue') },
  { path: '/me', name: 'me', component: () => import('./views/MeView.vue') },
  { path: '/accounts', name: 'accounts', component: () => import('./views/AccountsView.vue') },
  { path: '/audit', name: 'audit', component: () => import('./views/AuditView.vue') },
  { path: '/health', name: 'health', component: () => import('./views/HealthView.vue') },
  { path: '/policy', name: 'policy', component: () => import('./views/PolicyView.vue') },
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
