// Deep zoom of the scans: a button under each, which opens OpenSeadragon in a dialog. Without it the link shows the image.
"use strict";
(() => {
  if (typeof OpenSeadragon === "undefined" || typeof HTMLDialogElement === "undefined") return;

  const make = (name, said, properties = {}) =>
    Object.assign(document.createElement(name), said === null ? {} : { textContent: said }, properties);

  const levels = (link) =>
    link.dataset.levels.split("\n").map((line) => {
      const [path, width, height] = line.split(" ");
      return { url: new URL(path, document.baseURI).href, width: Number(width), height: Number(height) };
    });

  const open = (link) => {
    const dialog = make("dialog", null, { className: "zoom" });
    dialog.setAttribute("aria-label", `放大细看：${link.dataset.title}`);
    const stage = make("div", null, { className: "stage" });
    const tools = make("div", null, { className: "tools" });
    tools.append(make("p", link.dataset.title));
    dialog.append(tools, stage);
    document.body.append(dialog);
    dialog.showModal();
    const viewer = OpenSeadragon({
      element: stage,
      tileSources: { type: "legacy-image-pyramid", levels: levels(link) },
      showNavigationControl: false,
      maxZoomPixelRatio: 4,
      animationTime: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.6,
    });
    const actions = [
      ["放大", () => viewer.viewport.zoomBy(1.5)],
      ["缩小", () => viewer.viewport.zoomBy(1 / 1.5)],
      ["旋转", () => viewer.viewport.setRotation((viewer.viewport.getRotation() + 90) % 360)],
      ["复原", () => { viewer.viewport.setRotation(0); viewer.viewport.goHome(); }],
    ];
    for (const [said, act] of actions) {
      const button = make("button", said, { type: "button" });
      button.addEventListener("click", () => { act(); viewer.viewport.applyConstraints(); });
      tools.append(button);
    }
    const close = make("button", "关闭", { type: "button" });
    close.addEventListener("click", () => dialog.close());
    tools.append(close);
    dialog.addEventListener("close", () => { viewer.destroy(); dialog.remove(); });
    close.focus();
  };

  for (const link of document.querySelectorAll(".scan > a[data-levels]")) {
    const button = make("button", "放大细看", { type: "button", className: "zoom-open" });
    button.addEventListener("click", () => { open(link); });
    link.parentElement.querySelector("figcaption").append(button);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(link);
    });
  }
})();
