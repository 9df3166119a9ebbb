// Conveniences of the panel. Every page works without them.

const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector)
    if (found) act(found, event)
  })

// "/" goes to the search field, unless somebody is writing.
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]")
  if (event.key !== "/" || writing || event.ctrlKey || event.metaKey || event.altKey) return
  const field = document.querySelector("[data-find]")
  if (!field) return
  event.preventDefault()
  field.focus()
  field.select()
})

// Menus close when something else is pressed, and on Escape.
const closeMenus = (except) =>
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false
  })

document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")))
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return
  const menu = document.querySelector("details.menu[open]")
  if (!menu) return
  menu.open = false
  menu.querySelector("summary").focus()
})

// Copy, and say so for two seconds, to the eye and to a screen reader.
const spoken = document.createElement("div")
spoken.className = "visually-hidden"
spoken.setAttribute("role", "status")
document.body.append(spoken)

const put = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" })
  document.body.append(area)
  area.select()
  document.execCommand("copy")
  area.remove()
}

on("click", "[data-copy]", async (button) => {
  await put(button.dataset.copy)
  spoken.textContent = button.dataset.copied
  button.classList.add("copied")
  const words = button.classList.contains("btn") ? button.textContent : null
  if (words) button.textContent = button.dataset.copied
  setTimeout(() => {
    button.classList.remove("copied")
    spoken.textContent = ""
    if (words) button.textContent = words
  }, 2000)
})

// Show and hide what is typed into a password field.
on("click", "[data-reveal]", (button) => {
  const field = document.getElementById(button.dataset.reveal)
  const shown = field.type === "text"
  field.type = shown ? "password" : "text"
  button.setAttribute("aria-pressed", String(!shown))
})
