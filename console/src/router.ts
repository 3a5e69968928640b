/** The pages and their addresses. */
import { createRouter, createWebHistory } from 'vue-router'

import BoardView from './views/BoardView.vue'
import CamerasView from './views/CamerasView.vue'
import ClosedView from './views/ClosedView.vue'
import IncidentView from './views/IncidentView.vue'
import NotFoundView from './views/NotFoundView.vue'

export function makeRouter() {
  return createRouter({
    history: createWebHistory(),
    routes: [
      { path: '/', name: 'board', component: BoardView },
      { path: '/incidents/:id', name: 'incident', component: IncidentView, props: true },
      { path: '/closed', name: 'closed', component: ClosedView },
      { path: '/cameras', name: 'cameras', component: CamerasView },
      { path: '/:rest(.*)*', name: 'not-found', component: NotFoundView },
    ],
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
}
