import * as z from "zod";

// Put before everything else in a page: zod would try whether it may compile schemas, and the page's policy would report it.
z.config({ jitless: true });
