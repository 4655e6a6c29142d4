// Sends a form with a recording by script, to show how far it is. Without scripts it is sent as
// any form. What the server says of errors, the page shows as always: the form is then sent once
// more by the browser itself, without the file and with the server's note on it.
"use strict";

(() => {
  const dialog = document.getElementById("upload");
  const file = document.querySelector("input[type=file][data-most-bytes]");
  const form = file?.form;
  if (!dialog?.showModal || !form) return;

  const [title, bar, facts, hint, said, end] = ["title", "bar", "facts", "hint", "said", "end"]
    .map((part) => document.getElementById(`upload-${part}`));
  const SPOKEN = 10; // percent between two announcements to a screen reader
  let request = null; // while a recording is on its way

  function size(bytes) {
    const [unit, name] = bytes < 1e9 ? [2 ** 20, "MB"] : [2 ** 30, "GB"];
    const amount = bytes / unit;
    return `${amount.toFixed(amount < 100 ? 1 : 0)} ${name}`;
  }

  function duration(seconds) {
    if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
    const minutes = Math.round(seconds / 60);
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  function announce(text) {
    said.textContent = text;
  }

  function open() {
    title.textContent = "Sending the recording";
    hint.hidden = bar.hidden = false;
    facts.textContent = "";
    end.textContent = "Cancel";
    bar.value = 0;
    dialog.showModal();
    announce("Sending the recording.");
  }

  // The upload is over and nothing came of it; the form is as it was.
  function tell(heading, sentence) {
    request = null;
    title.textContent = heading;
    facts.textContent = sentence;
    hint.hidden = bar.hidden = true;
    end.textContent = "Close";
    if (!dialog.open) dialog.showModal();
    end.focus();
    announce(`${heading}. ${sentence}`);
  }

  function follow(sent, whole, begun) {
    const percent = Math.floor((sent / whole) * 100);
    const seconds = (performance.now() - begun) / 1000;
    const parts = [`${percent} %`, `${size(sent)} of ${size(whole)}`];
    if (seconds > 1 && sent < whole) parts.push(`about ${duration((seconds / sent) * (whole - sent))} left`);
    if (percent >= Math.floor(bar.value / SPOKEN) * SPOKEN + SPOKEN) announce(parts.join(", "));
    bar.value = percent;
    facts.textContent = parts.join(" · ");
  }

  // Everything has left; the server writes it to its disk.
  function waitForTheServer() {
    title.textContent = "Storing the recording";
    bar.removeAttribute("value");
    facts.textContent = "All of it is sent. It is being stored.";
    announce(facts.textContent);
  }

  function answerOf(sending) {
    try {
      return JSON.parse(sending.responseText);
    } catch {
      return null;
    }
  }

  function finish(sending, submitter) {
    const answer = answerOf(sending);
    request = null;
    if (answer?.location) location.assign(answer.location);
    else if (sending.status === 422 && answer) showErrors(answer.note, submitter);
    else if (sending.status === 200) location.assign(sending.responseURL); // signed out meanwhile
    else tell("The recording was not taken", `The server answered with error ${sending.status}. Nothing was kept. Try it again, or tell who runs this site.`);
  }

  function showErrors(note, submitter) {
    file.disabled = true;
    if (note) form.append(hidden("upload_note", note));
    if (submitter?.name) form.append(hidden(submitter.name, submitter.value));
    HTMLFormElement.prototype.submit.call(form);
  }

  function hidden(name, value) {
    return Object.assign(document.createElement("input"), { type: "hidden", name, value });
  }

  function send(submitter) {
    const sending = new XMLHttpRequest();
    const begun = performance.now();
    request = sending;
    sending.open("POST", form.getAttribute("action") || location.href);
    sending.setRequestHeader("X-Upload-By-Script", "1");
    sending.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) follow(event.loaded, event.total, begun);
    });
    sending.upload.addEventListener("load", waitForTheServer);
    sending.addEventListener("load", () => finish(sending, submitter));
    sending.addEventListener("error", () => tell("The connection broke off", "Nothing was kept. See whether the network is there, then send it again."));
    sending.addEventListener("abort", () => tell("Cancelled", "Nothing was kept. What you filled in is still here."));
    sending.send(new FormData(form, submitter));
    open();
  }

  form.addEventListener("submit", (event) => {
    const [chosen] = file.files;
    if (!chosen) return;
    event.preventDefault();
    // The rest of the form first: what is missing would be told only after all was sent.
    if (request || !form.reportValidity()) return;
    const most = Number(file.dataset.mostBytes);
    if (chosen.size > most) {
      tell("The recording is too large", `It has ${size(chosen.size)}; at most ${size(most)} can be taken at present. Send the sound alone, or a smaller copy: 64 kbit/s is enough for speech.`);
      return;
    }
    send(event.submitter);
  });

  end.addEventListener("click", () => {
    if (request) request.abort();
    else dialog.close();
  });

  // Escape would hide what still goes on.
  dialog.addEventListener("cancel", (event) => {
    if (request) event.preventDefault();
  });

  window.addEventListener("beforeunload", (event) => {
    if (request) event.preventDefault();
  });
})();
