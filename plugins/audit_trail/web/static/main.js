// The page "Audit trail", as Airflow's UI loads it: a module that names a component.
// It uses the UI's own React, router and Chakra, so it looks, links and themes as Airflow does.
import { AuditTrailPage } from "./page.js";

globalThis["Audit trail"] = AuditTrailPage;
