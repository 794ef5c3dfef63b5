export default async function ({ host, key, trip }) {
  window.minimalAnalytics = { trackingId: key, analyticsEndpoint: `${host}/g/collect` }
  const { track } = await import('@minimal-analytics/ga4')
  const { id, value, coupon, shipping, tax } = trip.order
  track(key)
  track(key, { type: 'search', event: { 'ep.search_term': trip.term } })
  track(key, {
    type: 'purchase',
    event: {
      'ep.transaction_id': id, 'ep.coupon': coupon, 'epn.value': value, 'epn.shipping': shipping, 'epn.tax': tax,
      'ep.currency': trip.currency,
    },
  })
  track(key, { type: 'Newsletter Signup', event: { 'ep.topic': 'novidades' } })
}
