-- What was handed to one place and is not reported, in the order of handing over. A plain table, so that it survives a reload:
-- entries from `first` to `last`. An entry:
--   n        its number
--   pair     as the hash takes it
--   xml      as it goes over the wire
--   name, attr  of the stanza, for an error to its sender
--   waits    true while it was not written: the connection drains, and the pair's next stanzas stand behind its last ones

local function new()
	return { first = 1, last = 0 };
end

local function count(queue)
	return queue.last - queue.first + 1;
end

local function push(queue, entry)
	queue.last = queue.last + 1;
	queue[queue.last] = entry;
end

local function shift(queue)
	local entry = queue[queue.first];
	queue[queue.first] = nil;
	queue.first = queue.first + 1;
	return entry;
end

-- Where the written entry of this number stands; nil if there is none.
local function find(queue, n)
	for at = queue.first, queue.last do
		if queue[at].n == n and not queue[at].waits then
			return at;
		end
	end
	return nil;
end

-- Takes the entries that `is_wanted` picks out of the queue; the others keep their order.
local function extract(queue, is_wanted)
	local taken, rest = {}, new();
	while count(queue) > 0 do
		local entry = shift(queue);
		if is_wanted(entry) then
			taken[#taken + 1] = entry;
		else
			push(rest, entry);
		end
	end
	for _, entry in ipairs(rest) do
		push(queue, entry);
	end
	return taken;
end

return { new = new, count = count, push = push, shift = shift, find = find, extract = extract };
