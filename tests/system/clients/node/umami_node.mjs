import { Umami } from '@umami/node'

export default async function ({ host, key, trip }) {
  const umami = new Umami({ websiteId: key, hostUrl: host })
  const { url, title, referrer } = trip.page
  const sent = [
    () => umami.track({ url, title, referrer, language: 'pt-BR', screen: '1920x1080' }),
    () => umami.track('Newsletter Signup', { topic: 'novidades' }),
  ]
  const errors = []
  for (const send of sent) {
    try {
      const answer = await send()
      if (!answer.ok) errors.push(String(answer.status))
      else await answer.json()
    } catch (error) {
      errors.push(String(error))
    }
  }
  return errors
}
