// @ts-check
/**
 * Remembers what a viewer has chosen (channels, axes, scales), for each session of BLISS.
 */

const PREFIX = 'nexus-writer';

/**
 * Returns what was chosen, or the default if nothing was or the browser stores nothing.
 * @template Choice
 * @param {string | null} session
 * @param {string} name
 * @param {Choice} fallback
 * @returns {Choice}
 */
export function choice(session, name, fallback) {
    try {
        const text = localStorage.getItem(`${PREFIX}/${session ?? ''}/${name}`);
        return text === null ? fallback : JSON.parse(text);
    } catch {
        return fallback;
    }
}

/**
 * @param {string | null} session
 * @param {string} name
 * @param {unknown} chosen
 */
export function choose(session, name, chosen) {
    try {
        localStorage.setItem(`${PREFIX}/${session ?? ''}/${name}`, JSON.stringify(chosen));
    } catch {
        // The choice then lasts as long as the page.
    }
}
