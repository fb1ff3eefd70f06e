import type { Frame, Page } from "playwright-core";
import type { HostEnd, HostEndPorts } from "../../../src/panels/base/hostEnd.ts";
import type { PanelContract, PanelState, PanelWords } from "../../../src/panels/base/messages.ts";
import { builtPanels, launchChromium, openPanelPage } from "../../support/panelPage.ts";
import type { ThemeName } from "../../support/themes.ts";

/** Panels' pages, minified as they are in the package, in one browser; what answers them may talk to them before it is asked. */
export interface PanelBrowser {
  open<C extends PanelContract>(options: PanelOptions<C>): Promise<OpenPage<C>>;
  close(): Promise<void>;
}

export interface PanelOptions<C extends PanelContract> {
  readonly name: string;
  readonly contract: C;
  readonly words: PanelWords<C>;
  readonly state: PanelState<C>;
  readonly host: (end: () => HostEnd<C>) => Omit<HostEndPorts<C>, "post" | "report">;
  readonly theme?: ThemeName;
  readonly height?: number;
  readonly reducedMotion?: boolean;
  readonly framed?: boolean;
}

export interface OpenPage<C extends PanelContract> {
  readonly page: Page;
  readonly frame: Frame;
  readonly end: HostEnd<C>;
  /** What the page complained of: its own errors, the console's, and what its policy refused. */
  readonly complaints: string[];
  setTheme(theme: ThemeName): Promise<void>;
}

export async function openPanelBrowser(): Promise<PanelBrowser> {
  const [files, browser] = await Promise.all([builtPanels(true), launchChromium()]);
  return {
    async open({ host, height = 900, ...options }) {
      let end: Parameters<typeof host>[0] | undefined;
      const ports = host(() => {
        if (end === undefined) throw new Error("the page is not there yet");
        return end();
      });
      const { page, incidents, ...opened } = await openPanelPage(browser, files, {
        ...options,
        size: { width: 1280, height },
        handlers: ports.handlers,
        onState: ports.onState,
        ready: (own) => {
          end = () => own;
          ports.ready();
        },
      });
      return { page, frame: opened.frame, end: opened.end, complaints: incidents, setTheme: opened.setTheme };
    },
    close: () => browser.close(),
  };
}
