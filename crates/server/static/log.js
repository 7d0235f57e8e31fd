// Follows the log of a running step: text is appended as text, never as markup.
const view = document.querySelector("[data-stream]");
const state = document.querySelector("[data-stream-state]");

function append(text) {
  const atEnd = view.scrollHeight - view.scrollTop - view.clientHeight < 40;
  view.append(text);
  if (atEnd) {
    view.scrollTop = view.scrollHeight;
  }
}

if (view) {
  view.scrollTop = view.scrollHeight;
}

if (view && view.dataset.stream) {
  const source = new EventSource(view.dataset.stream);
  source.addEventListener("open", () => {
    state.textContent = "Following the log.";
  });
  source.addEventListener("log", (event) => append(JSON.parse(event.data)));
  source.addEventListener("end", () => {
    source.close();
    state.textContent = "The step has ended.";
  });
  source.addEventListener("error", () => {
    state.textContent = "Connection lost, trying again.";
  });
}
