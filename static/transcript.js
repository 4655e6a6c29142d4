// Click a sentence to hear it; the one being spoken is marked; the address carries the second.
"use strict";

(() => {
  const player = document.getElementById("player");
  const transcript = document.getElementById("transcript");
  if (!player || !transcript) return;

  const LINGER = 1.5; // seconds that a sentence stays marked in the pause after it
  const sentences = [...transcript.querySelectorAll("a[data-end]")];
  const starts = sentences.map((sentence) => secondOf(sentence.hash));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let marked = null;
  let latest = null; // the one marked last, also when a pause has come since

  function secondOf(hash) {
    const match = /^#t=(\d+(?:\.\d+)?)$/.exec(decodeURIComponent(hash));
    return match ? Number(match[1]) : null;
  }

  // The last sentence that begins at or before the second.
  function sentenceAt(second) {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= second + 0.001) low = middle + 1;
      else high = middle;
    }
    return sentences[low - 1] ?? null;
  }

  function spokenAt(second) {
    const sentence = sentenceAt(second);
    return sentence && second < Number(sentence.dataset.end) + LINGER ? sentence : null;
  }

  function mark(sentence) {
    if (sentence === marked) return;
    marked?.removeAttribute("aria-current");
    sentence?.setAttribute("aria-current", "true");
    marked = sentence;
    latest = sentence ?? latest;
  }

  // The part of the window that shows text: below the sticky player.
  function isInView(sentence) {
    const { top, bottom } = sentence.getBoundingClientRect();
    return bottom > player.getBoundingClientRect().bottom && top < innerHeight;
  }

  function bringIntoView(sentence) {
    sentence.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  }

  // Who has scrolled away from what is spoken wants to read there: leave the page where it is.
  function follow() {
    const spoken = spokenAt(player.currentTime);
    if (spoken === marked) return;
    const isFollowed = !latest || isInView(latest);
    mark(spoken);
    if (spoken && isFollowed && !player.paused) bringIntoView(spoken);
  }

  // A second set before the length is known is lost in some browsers.
  function seek(second) {
    if (player.readyState >= HTMLMediaElement.HAVE_METADATA) player.currentTime = second;
    else player.addEventListener("loadedmetadata", () => { player.currentTime = second; }, { once: true });
  }

  function remember(hash) {
    history.replaceState(history.state, "", hash);
  }

  function tellThatItCannotPlay() {
    document.getElementById("unplayable").hidden = false;
  }

  function openAddress() {
    const second = secondOf(location.hash);
    if (second === null) return;
    seek(second);
    mark(spokenAt(second));
    sentenceAt(second)?.scrollIntoView({ block: "center" });
  }

  // A missing stretch is heard here; without this script its link opens the recording there.
  function hear(event, link) {
    event.preventDefault();
    mark(null);
    seek(Number(link.dataset.hear));
    play();
  }

  function play() {
    player.play().catch(() => {}); // refused by the browser: the player has a button of its own
  }

  transcript.addEventListener("click", (event) => {
    const gap = event.target.closest("a[data-hear]");
    const sentence = event.target.closest("a[data-end]");
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (gap && isPlain) hear(event, gap);
    if (!sentence || !isPlain) return;
    event.preventDefault();
    if (event.detail && !getSelection().isCollapsed) return; // the mouse has selected text
    remember(sentence.hash);
    seek(secondOf(sentence.hash));
    mark(sentence);
    play();
  });

  player.addEventListener("timeupdate", follow);
  player.addEventListener("pause", () => remember(`#t=${Math.ceil(player.currentTime * 10) / 10}`));
  player.addEventListener("error", tellThatItCannotPlay);
  if (player.error) tellThatItCannotPlay();
  addEventListener("hashchange", openAddress);
  openAddress();
})();
