// Conveniences of the set-up pages: print, share, and a field that is ready for the next command.

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print()
})

// Sharing is offered where the device can.
document.querySelectorAll("[data-share]").forEach((button) => {
  const shared = { title: button.dataset.shareTitle, text: button.dataset.share }
  if (!navigator.canShare?.(shared)) return
  button.hidden = false
  button.addEventListener("click", () => navigator.share(shared).catch(() => {}))
})

// A check takes a while: say so in the button that was pressed.
document.querySelectorAll("form[data-wait]").forEach((form) =>
  form.addEventListener("submit", () => {
    const button = form.querySelector("button")
    button.textContent = form.dataset.wait
    button.setAttribute("aria-disabled", "true")
  }),
)

// After each command by hand: the newest line in sight, the field ready.
document.addEventListener("htmx:afterSettle", (event) => {
  const log = document.getElementById("log")
  if (!log || event.target !== log) return
  log.scrollTop = log.scrollHeight
  document.getElementById("typed")?.focus({ preventScroll: true })
})
