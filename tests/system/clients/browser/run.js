// The page of one client: its trip, then word to the page's own server, which ends the browser after the queues are empty.
import trip from 'client'

const say = (what) => fetch('/done', { method: 'POST', body: JSON.stringify(what) })
trip(window.configuration).then(() => say([]), (error) => say([String(error?.stack ?? error)]))
