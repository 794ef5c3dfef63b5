import { init, track } from '@plausible-analytics/tracker'

export default async function ({ host, key, trip }) {
  init({ domain: key, endpoint: `${host}/api/event`, captureOnLocalhost: true, autoCapturePageviews: false })
  // It takes a browser that a program drives for a machine, as it should; here one plays a person.
  const sent = (name, options = {}) =>
    new Promise((resolve) => track(name, { ...options, callback: resolve }))
  await sent('pageview', { url: trip.page.url })
  await sent('Purchase', { revenue: { amount: trip.order.value, currency: trip.currency }, props: { method: 'pix' } })
  await sent('Newsletter Signup', { props: { topic: 'novidades' } })
}
