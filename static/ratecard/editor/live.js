// The live preview: the unsaved document is priced by the server a moment after the last change.

import { el, freshId, options } from "./dom.js";

const PAUSE = 350; // milliseconds without a change
const NARROW = 320; // pixels; wider than a column beside the form means it stands above

export class Live {
  constructor(ctx, frame, address, onproblems) {
    Object.assign(this, { ctx, frame, address, onproblems, asked: {}, held: new Set(), sent: 0 });
    this.status = frame.querySelector("[data-live-status]");
    this.result = frame.querySelector("[data-live-result]");
    this.controls = frame.querySelector("[data-live-controls]");
    frame.hidden = false;
    if (frame.offsetWidth > NARROW) frame.querySelector(".rc-live-asked").open = false; // it lies over the form
  }

  soon() {
    clearTimeout(this.timer);
    this.frame.dataset.state = "waiting";
    this.timer = setTimeout(() => this.now(), PAUSE);
  }

  async now() {
    this.sent += 1;
    const turn = this.sent;
    this.abort?.abort();
    this.abort = new AbortController();
    this.status.textContent = this.ctx.texts.checking;
    try {
      const answer = await fetch(this.address, { method: "POST", body: this.body(), headers: { "X-CSRFToken": this.ctx.token }, signal: this.abort.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (turn === this.sent) this.show(found);
    } catch (error) {
      if (error.name === "AbortError" || turn !== this.sent) return;
      this.status.textContent = this.ctx.texts.offline;
      this.frame.dataset.state = "offline";
    }
  }

  body() {
    const form = new FormData();
    form.append("document", JSON.stringify(this.ctx.root()));
    for (const [name, value] of Object.entries(this.asked)) form.append(name, value);
    for (const option of this.held) form.append("options", option);
    return form;
  }

  // The server's own page part: every text in it was escaped there.
  show(found) {
    this.onproblems(found.problems);
    this.status.textContent = "";
    this.frame.dataset.state = found.problems.length ? "faulty" : "fresh";
    if (found.problems.length) {
      if (!this.offered) this.status.textContent = this.ctx.texts.no_price;
      return;
    }
    const open = [...this.result.querySelectorAll("details")].map((one) => one.open);
    this.result.innerHTML = found.html;
    this.result.querySelectorAll("details").forEach((one, index) => { one.open = open[index] || false; });
    const offered = JSON.stringify([found.currencies, found.terms, found.options, found.meters]);
    if (offered !== this.offered) this.draw(found);
    this.offered = offered;
    this.frame.querySelector(".rc-live-asked").hidden = false;
  }

  draw({ currencies, terms, options: sold, meters }) {
    const { texts } = this.ctx;
    const parts = [
      this.choice("currency", texts.live_currency, currencies.map((one) => [one, one])),
      this.choice("term", texts.live_term, terms),
      this.number("seats", texts.live_seats),
    ];
    const boxes = sold.map(([code, name]) => {
      const input = el("input", { type: "checkbox", class: "rc-box", checked: this.held.has(code) });
      input.addEventListener("change", () => {
        if (input.checked) this.held.add(code);
        else this.held.delete(code);
        this.soon();
      });
      return el("label", { class: "rc-tick-label" }, input, el("span", { text: name }));
    });
    const own = meters.map(([code, name, unit]) => this.number(`use.${code}`, `${name} (${unit})`));
    this.controls.replaceChildren(
      el("div", { class: "rc-live-basket" }, parts),
      own.length ? el("fieldset", {}, el("legend", { text: texts.live_figures }), own) : "",
      boxes.length ? el("details", { open: this.held.size > 0 }, el("summary", { text: texts.live_options }), el("div", { class: "rc-ticks" }, boxes)) : "",
    );
  }

  choice(name, label, pairs) {
    const id = freshId();
    const select = el("select", { id, class: "rc-input", "data-live-input": name }, options(pairs, this.asked[name]));
    select.addEventListener("change", () => { this.asked[name] = select.value; this.soon(); });
    return el("div", { class: "rc-live-field" }, el("label", { for: id, text: label }), select);
  }

  number(name, label) {
    const id = freshId();
    const input = el("input", { id, class: "rc-input", type: "text", inputmode: "decimal", placeholder: "0", value: this.asked[name] ?? "", "data-live-input": name });
    input.addEventListener("input", () => { this.asked[name] = input.value; this.soon(); });
    return el("div", { class: "rc-live-field" }, el("label", { for: id, text: label }), input);
  }
}
