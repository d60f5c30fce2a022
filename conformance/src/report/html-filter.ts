/** Shows the cases that the form asks for; without a script all of them are there. The address keeps the choice. */
export const FILTER_SCRIPT = `
(() => {
  const form = document.getElementById('filters')
  const shown = document.getElementById('shown')
  const cases = [...document.querySelectorAll('ul.cases > li')]
  const apply = () => {
    const chosen = new FormData(form)
    const verdicts = chosen.getAll('verdict')
    const levels = chosen.getAll('level')
    const section = chosen.get('section')
    const words = chosen.get('text').trim().toLowerCase()
    let count = 0
    for (const one of cases) {
      const { verdict, level, section: own } = one.dataset
      const fits = verdicts.includes(verdict) && levels.includes(level) &&
        (section === '' || own === section || own.startsWith(section + '.')) &&
        (words === '' || one.textContent.toLowerCase().includes(words))
      one.hidden = !fits
      if (fits) count += 1
    }
    shown.textContent = count + ' of ' + cases.length + ' cases shown'
  }
  form.addEventListener('input', apply)
  form.addEventListener('submit', (event) => event.preventDefault())
  apply()
})()
`
