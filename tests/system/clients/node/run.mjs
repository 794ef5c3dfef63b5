// node run.mjs <client> <configuration as JSON>: the trip of one client in a process of its own.
const [client, configuration] = process.argv.slice(2)
const { default: trip } = await import(`./${client}.mjs`)
const errors = await trip(JSON.parse(configuration))
console.log(JSON.stringify(errors))
