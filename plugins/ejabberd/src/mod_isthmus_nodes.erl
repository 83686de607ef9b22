%%% Says that a cluster of ejabberd nodes is not served as one: each node has a hub and connections of its own.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_nodes).

-export([watch/0, warn/1]).

-include("logger.hrl").

%% Warns of the nodes that are up; the calling process is told of those that come (`mnesia_up`).
-spec watch() -> ok.
watch() ->
    {ok, _} = mnesia:subscribe(system),
    lists:foreach(fun warn/1, ejabberd_cluster:get_nodes() -- [node()]).

-spec warn(node()) -> ok.
warn(Node) when Node =:= node() ->
    ok;
warn(Node) ->
    ?ERROR_MSG("A cluster of ejabberd nodes is not supported by mod_isthmus: node ~ts is up beside ~ts, and users who are signed in there cannot reach "
               "SIP users through the workers connected here. Let one node serve the domain, or stop the others", [Node, node()]).
